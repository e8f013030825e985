// scaled_dot_product_attention on the stand-in: the choice of an implementation as on a GPU, computed by LibTorch's
// attention for the CPU.
#include <ATen/ATen.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>
#include <torch/library.h>

#include "tests/stand_in_cuda/capture.h"
#include "tests/stand_in_cuda/counters.h"
#include "tests/stand_in_cuda/host_views.h"

namespace flashrna::stand_in {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

// As sdp_utils.cpp of LibTorch chooses for f32 and for masks from capability 8.0 on; half types without a mask, which
// have other implementations in linear memory, count here too.
int64_t choose(const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor&, double, bool,
               std::optional<double>, bool) {
  const int64_t multiple = q.element_size() == 2 ? 8 : 4, width = q.size(-1);
  const bool linear = q.dim() == 4 && q.scalar_type() != at::kDouble && width == k.size(-1) && width % multiple == 0 &&
                      v.size(-1) % multiple == 0 && q.stride(-1) == 1 && k.stride(-1) == 1 && v.stride(-1) == 1;
  ++(linear ? counters().linear_attention : counters().square_attention);
  return static_cast<int64_t>(linear ? sdp::SDPBackend::efficient_attention : sdp::SDPBackend::math);
}

// The sums of a GPU are f32 for half types too.
OptionalTensor in_f32(const OptionalTensor& tensor) {
  return tensor && tensor->defined() ? OptionalTensor(on_host(*tensor).to(at::kFloat)) : std::nullopt;
}

std::tuple<Tensor, Tensor, Tensor, Tensor> attend(const Tensor& q, const Tensor& k, const Tensor& v,
                                                  const OptionalTensor& bias, bool, double, bool causal,
                                                  std::optional<double> scale) {
  count_operation("attention");
  return computed([=] {
    const c10::DeviceGuard guard(q.device());
    const auto [out, log_sum_exp] = at::_scaled_dot_product_flash_attention_for_cpu(*in_f32(q), *in_f32(k), *in_f32(v),
                                                                                    0, causal, in_f32(bias), scale);
    const Tensor no_dropout = on_device(at::zeros({}, at::kLong));
    return std::tuple(on_device(out.to(q.scalar_type())), on_device(log_sum_exp), no_dropout, no_dropout);
  });
}

std::tuple<Tensor, Tensor, Tensor, Tensor> attend_backward(const Tensor& gradient, const Tensor& q, const Tensor& k,
                                                           const Tensor& v, const Tensor& bias, const Tensor& out,
                                                           const Tensor& log_sum_exp, const Tensor&, const Tensor&,
                                                           double, std::array<bool, 4>, bool causal,
                                                           std::optional<double> scale) {
  count_operation("attention");
  return computed([=] {
    const c10::DeviceGuard guard(q.device());
    const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        *in_f32(gradient), *in_f32(q), *in_f32(k), *in_f32(v), *in_f32(out), *in_f32(log_sum_exp), 0, causal,
        in_f32(bias), scale);
    const auto back = [&](const Tensor& tensor) { return on_device(tensor.to(q.scalar_type())); };
    return std::tuple(back(dq), back(dk), back(dv), Tensor());
  });
}

const bool chosen = (at::native::_fused_sdp_choice_stub.set_cuda_dispatch_ptr(&choose), true);

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("_scaled_dot_product_efficient_attention", attend);
  m.impl("_scaled_dot_product_efficient_attention_backward", attend_backward);
}

}  // namespace
}  // namespace flashrna::stand_in
