// The fused backend: converts tensors to kernel arguments, implements autograd, and allocates memory through LibTorch.
#include "kernels/flash_ipa/flash_ipa_fused.h"

#include <ATen/ATen.h>

#include <bit>
#include <map>
#include <mutex>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/torch_headers.h"

namespace flashrna::flash_ipa_backends {

using at::Tensor;
using torch::autograd::variable_list;

namespace {

bool has_columns(const Tensor& factors) { return factors.defined() && factors.numel() > 0; }

fused_ipa::HeadSize head_size_of(const FlashIpaInput& in) {
  const auto size = [](const Tensor& tensor, int64_t dimension) { return static_cast<int>(tensor.size(dimension)); };
  const bool bias = has_columns(in.bias_q), pair = has_columns(in.pair_q);
  return {size(in.q, 3), size(in.q_points, 3), size(in.v_points, 3),
          bias   ? size(in.bias_q, 3)
          : pair ? size(in.pair_q, 2)
                 : 0,
          pair ? size(in.pair_q, 3) : 0};
}

// The inputs of the autograd function for which it computes gradients. An undefined input is replaced by a tensor
// without elements.
variable_list differentiable_inputs(const FlashIpaInput& in) {
  variable_list inputs;
  for (const FusedOperand& operand : kFusedOperands) {
    const Tensor& tensor = in.*operand.tensor;
    inputs.push_back(tensor.defined() ? tensor.contiguous() : at::empty({0}, in.q.options()));
  }
  return inputs;
}

FlashIpaInput input_of(at::TensorList tensors, const Tensor& lengths) {
  FlashIpaInput in;
  for (std::size_t i = 0; i < kFusedOperands.size(); ++i) {
    if (!kFusedOperands[i].optional || has_columns(tensors[i])) in.*kFusedOperands[i].tensor = tensors[i];
  }
  in.lengths = lengths;
  return in;
}

const float* read(const Tensor& tensor) { return has_columns(tensor) ? tensor.const_data_ptr<float>() : nullptr; }
float* write(const Tensor& tensor) { return has_columns(tensor) ? tensor.mutable_data_ptr<float>() : nullptr; }

fused_ipa::Arguments arguments_of(const FlashIpaInput& in) {
  fused_ipa::Arguments a;
  a.size = head_size_of(in);
  a.H = static_cast<int>(in.q.size(2));
  a.B = static_cast<int>(in.q.size(0));
  a.N = in.q.size(0) * in.q.size(1);
  a.longest = in.q.size(1);
  a.length = in.lengths.const_data_ptr<int64_t>();
  for (const FusedOperand& operand : kFusedOperands) a.*operand.argument = read(in.*operand.tensor);
  return a;
}

// Zeros of these shapes in one allocation, filled by one launch. Each tensor starts at a multiple of 256 bytes.
variable_list make_zeros(const std::vector<std::vector<int64_t>>& shapes, const at::TensorOptions& options) {
  const at::NoGradGuard no_grad;
  constexpr int64_t kAligned = 256 / sizeof(float);
  const auto places = [](at::IntArrayRef shape) {
    return (c10::multiply_integers(shape) + kAligned - 1) / kAligned * kAligned;
  };
  int64_t total = 0;
  for (const auto& shape : shapes) total += places(shape);
  const Tensor memory = at::zeros({total}, options);
  variable_list tensors;
  int64_t begin = 0;
  for (const auto& shape : shapes) {
    tensors.push_back(memory.narrow(0, begin, c10::multiply_integers(shape)).view(shape).detach());
    begin += places(shape);
  }
  return tensors;
}

// Returns scalars, points, norms, pairs; then for backward the sums of pair values by rank and the log-sum-exp, which
// have no elements otherwise.
variable_list run_forward(const FusedKernels& kernels, const FlashIpaInput& in, FusedPrecision precision,
                          bool for_backward) {
  const fused_ipa::Arguments a = arguments_of(in);
  const int64_t B = a.B, L = a.longest, H = a.H, saved_heads = for_backward ? H : 0;
  const auto [C, P_q, P_v, R, c] = a.size;
  variable_list out = make_zeros(
      {{B, L, H, C}, {B, L, H, P_v, 3}, {B, L, H, P_v}, {B, L, H, c}, {B, L, saved_heads, R, c}, {B, L, saved_heads}},
      in.q.options());
  kernels.forward(a,
                  {.scalars = write(out[0]),
                   .points = write(out[1]),
                   .point_norms = write(out[2]),
                   .pairs = write(out[3]),
                   .pair_sums = write(out[4]),
                   .lse = write(out[5])},
                  precision, in.q.device());
  return out;
}

variable_list run_backward(const FusedKernels& kernels, const FlashIpaInput& in, const variable_list& outputs,
                           const variable_list& by_outputs) {
  std::vector<std::vector<int64_t>> shapes;
  for (const Tensor& tensor : differentiable_inputs(in)) shapes.push_back(tensor.sizes().vec());
  variable_list out = make_zeros(shapes, in.q.options());
  fused_ipa::InputGradients gradients;
  for (std::size_t i = 0; i < kFusedOperands.size(); ++i) gradients.*kFusedOperands[i].gradient = write(out[i]);
  kernels.backward(arguments_of(in),
                   {.scalars = read(outputs[0]),
                    .points = read(outputs[1]),
                    .pair_sums = read(outputs[4]),
                    .lse = read(outputs[5]),
                    .d_scalars = read(by_outputs[0]),
                    .d_points = read(by_outputs[1]),
                    .d_point_norms = read(by_outputs[2]),
                    .d_pairs = read(by_outputs[3])},
                   gradients, in.q.device());
  return out;
}

// (differentiable_inputs(), lengths, kernels, precision) -> scalars, points, norms, pairs.
class FusedAttention : public torch::autograd::Function<FusedAttention> {
 public:
  static variable_list forward(torch::autograd::AutogradContext* context, at::TensorList inputs, const Tensor& lengths,
                               const c10::intrusive_ptr<FusedKernels>& kernels, FusedPrecision precision) {
    const variable_list out = run_forward(*kernels, input_of(inputs, lengths), precision, /*for_backward=*/true);
    variable_list saved = inputs.vec();
    saved.push_back(lengths);
    saved.insert(saved.end(), out.begin(), out.end());
    context->save_for_backward(saved);
    context->saved_data["kernels"] = c10::IValue::make_capsule(kernels);
    return {out.begin(), out.begin() + kOutputs};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto lengths = saved.end() - kSaved - 1;
    const variable_list outputs(lengths + 1, saved.end());
    variable_list by_outputs;
    for (int i = 0; i < kOutputs; ++i) {
      by_outputs.push_back(gradients[i].defined() ? gradients[i].contiguous() : at::zeros_like(outputs[i]));
    }
    const auto kernels = c10::static_intrusive_pointer_cast<FusedKernels>(context->saved_data["kernels"].toCapsule());
    variable_list out = run_backward(*kernels, input_of({&*saved.begin(), &*lengths}, *lengths), outputs, by_outputs);
    out.resize(out.size() + 3);  // no gradients for lengths, kernels and precision
    return out;
  }

 private:
  static constexpr int kOutputs = 4, kSaved = 6;  // of run_forward()
};

// Counts numbers that do not fit into a half, with one counter per device for all calls. Reading a counter synchronizes
// the host with the device, so it happens after calls 1, 2, 4, 8, ... only, and never during graph capture.
class RangeWatch {
 public:
  // The counter for kernels of this stream, or null.
  unsigned long long* counter(const CudaStream& stream, bool capturing) {
    const std::lock_guard lock(mutex_);
    Device& device = devices_[stream.device];
    if (!device.count.defined()) {
      if (capturing) return nullptr;  // the memory would belong to the graph
      device.count = at::zeros({1}, at::TensorOptions(at::kLong).device(at::kCUDA, device_index(stream)));
      device.count.item<int64_t>();  // other streams use it too, so wait until it is initialized
    }
    return reinterpret_cast<unsigned long long*>(device.count.data_ptr<int64_t>());
  }

  void look(const CudaStream& stream) {
    const std::lock_guard lock(mutex_);
    Device& device = devices_[stream.device];
    ++device.calls;
    if (device.warned || !std::has_single_bit(device.calls)) return;
    const auto count = device.count.item<int64_t>();
    if (count == 0) return;
    TORCH_WARN("fused attention on cuda:", stream.device, ": ", count,
               " threads have met numbers beyond +-65504, which count as that, or NaN; results differ from the "
               "equation: use smaller inputs or the lifted backend");
    device.warned = true;
  }

 private:
  struct Device {
    Tensor count;
    std::uint64_t calls = 0;
    bool warned = false;
  };
  static c10::DeviceIndex device_index(const CudaStream& stream) {
    return static_cast<c10::DeviceIndex>(stream.device);
  }

  std::mutex mutex_;
  std::map<int, Device> devices_;
};

class CudaFusedKernels : public FusedKernels {
 public:
  void forward(const fused_ipa::Arguments& a, const fused_ipa::Outputs& out, FusedPrecision precision,
               at::Device device) const override {
    const CudaStream stream = current_cuda_stream(device);
    const FusedForwardPlan plan = plan_fused_forward(a.size, a.B, a.H, a.longest, precision, fused_device(device));
    const bool capturing = is_capturing(stream);
    fused_ipa::Outputs watched = out;
    watched.extremes = watch().counter(stream, capturing);
    const Tensor workspace = at::empty({plan.workspace_bytes}, at::TensorOptions(at::kByte).device(device));
    fused_forward_cuda(a, watched, plan, workspace.data_ptr(), stream);
    if (!capturing) watch().look(stream);
  }

  void backward(const fused_ipa::Arguments& a, const fused_ipa::OutputGradients& gradients,
                const fused_ipa::InputGradients& out, at::Device device) const override {
    const CudaStream stream = current_cuda_stream(device);
    const FusedBackwardPlan plan = plan_fused_backward(a.size, a.B, a.H, a.longest, fused_device(device));
    const Tensor workspace = at::empty({plan.workspace_bytes}, at::TensorOptions(at::kByte).device(device));
    fused_backward_cuda(a, gradients, out, plan, workspace.data_ptr(), stream);
  }

 private:
  // Never destroyed: at static destruction the device may no longer be usable.
  static RangeWatch& watch() {
    static auto* watch = new RangeWatch;
    return *watch;
  }
};

}  // namespace

// Cached because the query takes longer than a short forward pass.
FusedDevice fused_device(at::Device device) {
  static std::mutex mutex;
  static std::map<int, FusedDevice> descriptions;
  const int index = current_cuda_stream(device).device;
  const std::lock_guard lock(mutex);
  const auto found = descriptions.find(index);
  if (found != descriptions.end()) return found->second;
  const CudaDevice about = describe_cuda_device(index);
  return descriptions[index] = {about.capability, about.shared_bytes_per_block, about.multiprocessors};
}

bool fused_takes(const FlashIpaInput& in) {
  const bool bias = has_columns(in.bias_q), pair = has_columns(in.pair_q);
  // A defined factor without columns gives outputs of a shape of its own, and the kernels support only one rank.
  if (in.bias_q.defined() != bias || in.pair_q.defined() != pair) return false;
  if (bias && pair && in.bias_q.size(3) != in.pair_q.size(2)) return false;
  return in.q.scalar_type() == at::kFloat && fused_forward_supports(head_size_of(in));
}

FlashIpaOutput fused_with(const c10::intrusive_ptr<FusedKernels>& kernels, const FlashIpaInput& in,
                          FusedPrecision precision) {
  const variable_list inputs = differentiable_inputs(in);
  const Tensor lengths = in.lengths.contiguous();
  bool for_backward = false;
  if (at::GradMode::is_enabled()) {
    for (const Tensor& tensor : inputs) for_backward = for_backward || tensor.requires_grad();
  }
  const variable_list out = for_backward
                                ? FusedAttention::apply(at::TensorList(inputs), lengths, kernels, precision)
                                : run_forward(*kernels, input_of(inputs, lengths), precision, /*for_backward=*/false);
  return {out[0], out[1], out[2], in.pair_q.defined() ? out[3] : Tensor()};
}

FlashIpaOutput fused(const FlashIpaInput& in, FusedPrecision precision) {
  TORCH_CHECK(in.q.is_cuda(), "flash_ipa: the fused backend runs on CUDA, q is on ", in.q.device(),
              "; use auto, lifted or dense there");
  if (!fused_takes(in)) return simple(in);
  static const auto kernels = c10::make_intrusive<CudaFusedKernels>();
  return fused_with(kernels, in, precision);
}

}  // namespace flashrna::flash_ipa_backends
