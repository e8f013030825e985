#include "libfold/distributed/gradient_reduction.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

using at::Tensor;

std::vector<Tensor> tensors_of(const NamedParameters& parameters) {
  std::vector<Tensor> tensors;
  for (const auto& [name, parameter] : parameters) tensors.push_back(parameter);
  return tensors;
}

// The gradients one after the other, zeros where there is none, and for each parameter whether there is one.
Tensor flatten(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> parts;
  std::vector<float> present;
  for (const Tensor& parameter : parameters) {
    const Tensor& gradient = parameter.grad();
    parts.push_back(gradient.defined() ? gradient.reshape({-1}) : at::zeros({parameter.numel()}, parameter.options()));
    present.push_back(gradient.defined() ? 1.0f : 0.0f);
  }
  parts.push_back(at::tensor(present).to(parameters.front().options()));
  return at::cat(parts);
}

// The gradients become views of `flat`, which flatten() made and to which others of its kind were added.
void unflatten(const Tensor& flat, const std::vector<Tensor>& parameters) {
  const auto count = static_cast<std::int64_t>(parameters.size());
  const Tensor present = flat.narrow(0, flat.numel() - count, count).cpu();
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::int64_t n = parameters[i].numel();
    const bool any = present[static_cast<std::int64_t>(i)].item<float>() > 0;
    parameters[i].mutable_grad() = any ? flat.narrow(0, begin, n).view_as(parameters[i]) : Tensor();
    begin += n;
  }
}

// Calls `ready` when the gradient of a parameter is complete.
struct GradientHook : torch::autograd::PostAccumulateGradHook {
  explicit GradientHook(std::function<void()> call) : ready(std::move(call)) {}
  void operator()(const torch::autograd::Variable&) override { ready(); }
  std::function<void()> ready;
};

class FastReduction : public GradientReduction {
 public:
  FastReduction(const NamedParameters& parameters, const ProcessGroup& group, std::int64_t bucket_bytes)
      : group_(group), parameters_(tensors_of(parameters)) {
    if (group_.size() == 1) return;
    make_buckets(bucket_bytes);
    for (std::size_t b = 0; b < buckets_.size(); ++b) {
      for (const Tensor& parameter : buckets_[b].parameters)
        torch::autograd::impl::set_post_acc_grad_hooks(
            parameter, std::make_unique<GradientHook>([this, b] { one_ready(buckets_[b]); }));
    }
  }

  ~FastReduction() override {
    if (group_.size() == 1) return;
    for (const Tensor& parameter : parameters_) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
  }

  void before_last_backward() override { overlapping_ = group_.size() > 1; }

  void finish() override {
    if (group_.size() == 1) return;
    overlapping_ = false;
    start_buckets(buckets_.size());
    const auto begin = std::chrono::steady_clock::now();
    for (Bucket& bucket : buckets_) {
      bucket.wait();
      bucket.ready = 0;
    }
    exposed_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (Bucket& bucket : buckets_) unflatten(std::exchange(bucket.flat, {}), bucket.parameters);
    started_ = 0;
  }

  double take_exposed_seconds() override { return std::exchange(exposed_, 0.0); }

 private:
  struct Bucket {
    std::vector<Tensor> parameters;
    std::size_t ready = 0;  // parameters whose gradient is complete
    Tensor flat;
    std::function<void()> wait;
  };

  // Backward completes the last layers first, so their parameters make the first bucket.
  void make_buckets(std::int64_t bucket_bytes) {
    constexpr std::int64_t kFirstBytes = 1 << 20;
    std::int64_t bytes = 0;
    for (std::size_t i = parameters_.size(); i-- > 0;) {
      const std::int64_t limit = buckets_.size() == 1 ? std::min(kFirstBytes, bucket_bytes) : bucket_bytes;
      if (buckets_.empty() || bytes >= limit) {
        buckets_.emplace_back();
        bytes = 0;
      }
      buckets_.back().parameters.push_back(parameters_[i]);
      bytes += static_cast<std::int64_t>(parameters_[i].nbytes());
    }
  }

  // All processes must start the buckets in the same order, whichever is complete first.
  void one_ready(Bucket& bucket) {
    if (!overlapping_) return;
    ++bucket.ready;
    std::size_t end = started_;
    while (end < buckets_.size() && buckets_[end].ready == buckets_[end].parameters.size()) ++end;
    start_buckets(end);
  }

  void start_buckets(std::size_t end) {
    const at::NoGradGuard no_grad;
    for (; started_ < end; ++started_) {
      Bucket& bucket = buckets_[started_];
      bucket.flat = flatten(bucket.parameters);
      bucket.wait = group_.start_sum(bucket.flat);
    }
  }

  const ProcessGroup group_;
  const std::vector<Tensor> parameters_;
  std::vector<Bucket> buckets_;
  std::size_t started_ = 0;  // the first buckets, which are on their way
  bool overlapping_ = false;
  double exposed_ = 0.0;
};

class OrderedReduction : public GradientReduction {
 public:
  OrderedReduction(const NamedParameters& parameters, const ProcessGroup& group)
      : group_(group), parameters_(tensors_of(parameters)) {}

  void end_shard() override {
    const at::NoGradGuard no_grad;
    shards_.push_back(flatten(parameters_));
    for (const Tensor& parameter : parameters_) parameter.mutable_grad() = Tensor();
  }

  // Process r adds its shards to the sum of those before it.
  void finish() override {
    const at::NoGradGuard no_grad;
    Tensor sum;
    for (int rank = 0; rank < group_.size(); ++rank) {
      if (rank == group_.rank()) {
        for (const Tensor& shard : std::exchange(shards_, {})) sum = sum.defined() ? sum + shard : shard;
      }
      if (!sum.defined()) sum = flatten(parameters_);  // overwritten; only its size counts
      if (group_.size() > 1) group_.broadcast(sum, rank);
    }
    unflatten(sum, parameters_);
  }

 private:
  const ProcessGroup group_;
  const std::vector<Tensor> parameters_;
  std::vector<Tensor> shards_;  // of this process, ascending
};

}  // namespace

std::unique_ptr<GradientReduction> make_fast_reduction(NamedParameters parameters, const ProcessGroup& group,
                                                       std::int64_t bucket_bytes) {
  return std::make_unique<FastReduction>(parameters, group, bucket_bytes);
}

std::unique_ptr<GradientReduction> make_ordered_reduction(NamedParameters parameters, const ProcessGroup& group) {
  return std::make_unique<OrderedReduction>(parameters, group);
}

}  // namespace flashrna
