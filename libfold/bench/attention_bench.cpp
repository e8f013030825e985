#include "libfold/bench/attention_bench.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_example.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/stopwatch.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kLeastSeconds = 0.02;  // calls are repeated until they take this long, with one synchronization
constexpr int kMostCalls = 200;
constexpr std::int64_t kCheckedRows = 32;

// Seconds of one call. Reading a value of the last result synchronizes with the GPU.
double seconds_of_call(const std::function<Tensor()>& call) {
  const auto seconds_of_calls = [&](int calls) {
    return seconds_of([&] {
      Tensor result;
      for (int i = 0; i < calls; ++i) result = call();
      result.flatten()[0].item<float>();
    });
  };
  const double once = seconds_of_calls(1);
  if (once >= kLeastSeconds) return once;
  const int calls = std::min(kMostCalls, static_cast<int>(kLeastSeconds / std::max(once, 1e-6)) + 1);
  return seconds_of_calls(calls) / calls;
}

struct Subject {
  std::function<Tensor()> forward, training;
};

Tensor sum_of(const std::vector<Tensor>& outputs) {
  Tensor sum = outputs[0].sum();
  for (std::size_t i = 1; i < outputs.size(); ++i) sum = sum + outputs[i].sum();
  return sum;
}

// The gradients of the sum of `outputs` with respect to `inputs`; the inputs' .grad is unchanged.
Tensor differentiate(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs) {
  return torch::autograd::grad({sum_of(outputs)}, inputs)[0];
}

// A backend and the name of its row.
struct NamedBackend {
  AttentionBackend backend;
  FusedPrecision precision = FusedPrecision::kFast;

  explicit NamedBackend(const std::string& name) {
    const std::size_t space = name.find(' ');
    backend = parse_attention_backend(name.substr(0, space));
    if (space != std::string::npos) precision = parse_fused_precision(name.substr(space + 1));
  }
  FlashIpaOutput operator()(const FlashIpaInput& input) const { return flash_ipa(input, backend, precision); }
};

Subject backend_subject(const FlashIpaInput& input, NamedBackend backend) {
  FlashIpaInput variables = input;
  std::vector<Tensor> inputs;
  for (Tensor* tensor : floating_tensors(variables)) {
    *tensor = tensor->detach().clone().requires_grad_();
    inputs.push_back(*tensor);
  }
  return {[=] {
            const at::NoGradGuard no_grad;
            return backend(input).scalars;
          },
          [=] { return differentiate(output_tensors(backend(variables)), inputs); }};
}

// Allows LibTorch's attention only one kernel for the scope: LibTorch uses it, or throws with its reason.
class OnlyKernel {
 public:
  explicit OnlyKernel(const std::string& peer) {
    if (peer == kPeerF32) return;
    at::Context& context = at::globalContext();
    before_ = {context.userEnabledFlashSDP(), context.userEnabledCuDNNSDP(), context.userEnabledMemEfficientSDP(),
               context.userEnabledMathSDP()};
    set({peer == kPeerFlash, peer == kPeerCudnn, false, false});
  }
  ~OnlyKernel() {
    if (before_) set(*before_);
  }
  OnlyKernel(const OnlyKernel&) = delete;
  OnlyKernel& operator=(const OnlyKernel&) = delete;

 private:
  struct Enabled {
    bool flash, cudnn, efficient, math;
  };
  static void set(Enabled enabled) {
    at::Context& context = at::globalContext();
    context.setSDPUseFlash(enabled.flash);
    context.setSDPUseCuDNN(enabled.cudnn);
    context.setSDPUseMemEfficient(enabled.efficient);
    context.setSDPUseMath(enabled.math);
  }

  std::optional<Enabled> before_;
};

Subject peer_subject(const std::string& peer, std::int64_t length, std::int64_t H, std::int64_t columns,
                     at::TensorOptions options) {
  std::vector<Tensor> qkv;
  for (int i = 0; i < 3; ++i)
    qkv.push_back((at::randn({1, H, length, columns}, options) / std::sqrt(columns)).requires_grad_());
  const auto attend = [=] {
    const OnlyKernel kernel(peer);
    return at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], {}, 0.0, /*is_causal=*/false, /*scale=*/1.0);
  };
  return {[=] {
            const at::NoGradGuard no_grad;
            return attend();
          },
          [=] { return differentiate({attend()}, qkv); }};
}

double error_of(const FlashIpaInput& input, const NamedBackend& backend, std::int64_t stride,
                const std::vector<Tensor>& expected) {
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> got = output_tensors(backend(input));
  double largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Tensor rows = got[i].slice(1, 0, got[i].size(1), stride).cpu().to(at::kDouble);
    const double error = (rows - expected[i]).abs().max().item<double>();
    largest = std::max(largest, std::isfinite(error) ? error : HUGE_VAL);
  }
  return largest;
}

double measure_products(at::Device device) {
  const std::int64_t n = device.is_cpu() ? 1024 : 8192;
  const Tensor a =
      at::ones({n, n}, at::TensorOptions().device(device).dtype(device.is_cpu() ? at::kFloat : at::kBFloat16));
  return 2.0 * static_cast<double>(n * n * n) / seconds_of_call([&] { return at::mm(a, a); });
}

bool is_peer(const std::string& name) { return name == kPeerF32 || name == kPeerFlash || name == kPeerCudnn; }

// LibTorch's reason if it cannot run the subject, in one line; otherwise empty.
std::string refusal_of(const Subject& subject) {
  try {
    subject.training();
    return "";
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    return text.substr(0, text.find('\n'));
  }
}

}  // namespace

std::int64_t lifted_head_columns(const FlashIpaSizes& s) {
  return std::max(s.C + 5 * s.P_q + 1 + s.R, s.C + 3 * s.P_v + s.R * s.c);
}

std::int64_t published_head_columns(const FlashIpaSizes& s) {
  return std::max<std::int64_t>(256, (lifted_head_columns(s) + 7) / 8 * 8);
}

AttentionBench bench_attention(const std::vector<AttentionBenchCase>& cases, const FlashIpaSizes& sizes, int repeats,
                               at::Device device, const std::function<void()>& on_run) {
  AttentionBench bench;
  std::map<std::int64_t, std::vector<std::string>> by_length;
  for (const AttentionBenchCase& one : cases) by_length[one.length].push_back(one.name);
  for (const auto& [length, names] : by_length) {
    const FlashIpaInput input = make_flash_ipa_example({.lengths = {length}, .sizes = sizes}, at::kFloat, device);
    const std::int64_t stride = (length + kCheckedRows - 1) / kCheckedRows;
    std::vector<Tensor> expected;
    std::vector<Subject> subjects;
    std::vector<AttentionTiming> timings;
    for (const std::string& name : names) {
      AttentionTiming timing{.name = name, .length = length, .work = flash_ipa_work(length, sizes)};
      timing.forward_seconds = timing.training_seconds = std::numeric_limits<double>::infinity();
      if (is_peer(name)) {
        const bool half = name != kPeerF32;
        const std::int64_t columns = half ? published_head_columns(sizes) : lifted_head_columns(sizes);
        const auto options = at::TensorOptions().device(device).dtype(half ? at::kBFloat16 : at::kFloat);
        const Subject peer = peer_subject(name, length, sizes.H, columns, options);
        if (const std::string refusal = half ? refusal_of(peer) : ""; !refusal.empty()) {
          bench.left_out.push_back(name + ", heads of " + std::to_string(columns) + ": " + refusal);
          continue;
        }
        subjects.push_back(peer);
      } else {
        const NamedBackend backend(name);
        if (expected.empty())
          for (const Tensor& output : output_tensors(flash_ipa_backends::simple_every(input, stride)))
            expected.push_back(output.slice(1, 0, length, stride));
        timing.error = error_of(input, backend, stride, expected);
        subjects.push_back(backend_subject(input, backend));
      }
      timings.push_back(timing);
    }
    // Every round runs all subjects in turn, so that changes of the machine's speed affect all of them.
    for (int repeat = 0; repeat < repeats; ++repeat) {
      bench.products_per_second = std::max(bench.products_per_second, measure_products(device));
      for (std::size_t i = 0; i < subjects.size(); ++i) {
        timings[i].forward_seconds = std::min(timings[i].forward_seconds, seconds_of_call(subjects[i].forward));
        {
          const AllocationRecorder memory(device);
          subjects[i].training();
          timings[i].peak_bytes = std::max(timings[i].peak_bytes, memory.peak_bytes());
        }
        timings[i].training_seconds = std::min(timings[i].training_seconds, seconds_of_call(subjects[i].training));
        if (on_run) on_run();
      }
    }
    bench.timings.insert(bench.timings.end(), timings.begin(), timings.end());
  }
  return bench;
}

}  // namespace flashrna
