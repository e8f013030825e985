// Names of the attention backends, and the choice of `auto` on a device.
#include "kernels/flash_ipa/attention_choice.h"

#include <ATen/ATen.h>

#include <vector>

#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_example.h"
#include "kernels/torch_headers.h"

namespace flashrna {

using at::Tensor;

namespace {

// A fixed, ragged, off-center input of a few residues. No random generator, so that every run makes the same choice.
FlashIpaInput self_check_input(at::Device device, const std::vector<int64_t>& lengths, const FlashIpaSizes& sizes) {
  const int64_t B = static_cast<int64_t>(lengths.size()), L = lengths[0];
  const auto [H, C, P_q, P_v, R, c] = sizes;
  double phase = 0.0;
  const auto wave = [&](at::IntArrayRef shape) { return self_check_values(shape, phase += 0.7, device); };
  FlashIpaInput in;
  in.q = wave({B, L, H, C});
  in.k = wave({B, L, H, C});
  in.v = wave({B, L, H, C});
  in.q_points = wave({B, L, H, P_q, 3});
  in.k_points = wave({B, L, H, P_q, 3});
  in.v_points = wave({B, L, H, P_v, 3});
  const Tensor angle = wave({B, L}) * 3.0;  // rotations about z
  const Tensor zero = at::zeros_like(angle), one = at::ones_like(angle);
  in.rotations = at::stack({angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), zero, zero, zero, one}, -1)
                     .view({B, L, 3, 3});
  in.translations = wave({B, L, 3}) * 3.0 + 20.0;
  in.point_weights = at::full({H}, 0.2, in.q.options());
  in.bias_q = wave({B, L, H, R});
  in.bias_k = wave({B, L, H, R});
  in.pair_q = wave({B, L, R, c});
  in.pair_k = wave({B, L, R, c});
  in.lengths = at::tensor(lengths, at::kLong).to(device);
  return in;
}

// Outputs, then the gradients of a weighted sum of them with respect to every input.
std::vector<Tensor> results_of(FlashIpaInput in, const BackendFunction& backend) {
  // Independent of the caller's autograd modes: the check decides once for all calls.
  const c10::InferenceMode normal(false);
  const at::AutoGradMode with_gradients(true);
  std::vector<Tensor> leaves;
  for (Tensor* tensor : floating_tensors(in)) leaves.push_back(*tensor = tensor->clone().requires_grad_());
  std::vector<Tensor> results = output_tensors(backend(in)), weights;
  for (const Tensor& output : results) {
    weights.push_back(self_check_values(output.sizes(), 0.3 * static_cast<double>(weights.size()), output.device()));
  }
  for (const Tensor& gradient : torch::autograd::grad(results, leaves, weights)) results.push_back(gradient);
  return results;
}

double error_of_lifted(at::Device device) {
  return backend_error(lifted_check_input(device), flash_ipa_backends::lifted);
}
double error_of_fused_fast(at::Device device) {
  return backend_error(fused_check_input(device),
                       [](const FlashIpaInput& in) { return flash_ipa_backends::fused(in, FusedPrecision::kFast); });
}
double error_of_fused_strict(at::Device device) {
  return backend_error(fused_check_input(device),
                       [](const FlashIpaInput& in) { return flash_ipa_backends::fused(in, FusedPrecision::kStrict); });
}

}  // namespace

FlashIpaInput lifted_check_input(at::Device device) {
  return self_check_input(device, {21, 15}, {.H = 2, .C = 16, .P_q = 4, .P_v = 4, .R = 2, .c = 4});
}

FlashIpaInput fused_check_input(at::Device device) {
  return self_check_input(device, {150, 71}, {.H = 2, .C = 64, .P_q = 8, .P_v = 12, .R = 2, .c = 16});
}

double backend_error(const FlashIpaInput& in, const BackendFunction& backend) {
  const std::vector<Tensor> expected = results_of(in, flash_ipa_backends::dense), got = results_of(in, backend);
  const std::size_t outputs = output_tensors(flash_ipa_backends::dense(in)).size();
  double error = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double relative = ((got[i] - expected[i]).abs().max() / expected[i].abs().max()).item<double>();
    error = larger_error(error, i < outputs ? relative : relative / kGradientErrors);
  }
  return error;
}

AttentionBackend parse_attention_backend(std::string_view name) {
  for (const AttentionBackend backend : {AttentionBackend::kAuto, AttentionBackend::kDense, AttentionBackend::kLifted,
                                         AttentionBackend::kFused, AttentionBackend::kSimple}) {
    if (name == attention_backend_name(backend)) return backend;
  }
  TORCH_CHECK(false, "unknown attention backend \"", std::string(name), "\"; use auto, dense, lifted, fused or simple");
}

std::string_view attention_backend_name(AttentionBackend backend) {
  switch (backend) {
    case AttentionBackend::kAuto:
      return "auto";
    case AttentionBackend::kDense:
      return "dense";
    case AttentionBackend::kLifted:
      return "lifted";
    case AttentionBackend::kFused:
      return "fused";
    case AttentionBackend::kSimple:
      return "simple";
  }
  return "";
}

FusedPrecision parse_fused_precision(std::string_view name) {
  if (name == "fast") return FusedPrecision::kFast;
  if (name == "strict") return FusedPrecision::kStrict;
  TORCH_CHECK(false, "unknown precision \"", std::string(name), "\" of fused attention; use fast or strict");
}

std::string_view fused_precision_name(FusedPrecision precision) {
  return precision == FusedPrecision::kFast ? "fast" : "strict";
}

AttentionChoice first_that_passes(const std::vector<AttentionCandidate>& candidates, at::Device device) {
  std::string reason;
  for (const AttentionCandidate& candidate : candidates) {
    const SelfCheck::Result result = candidate.check->result(device);
    reason += (reason.empty() ? "" : "; ") + result.text;
    if (result.passed) return {candidate.backend, reason};
  }
  return {AttentionBackend::kDense, reason};
}

AttentionChoice explain_attention_backend(at::Device device, FusedPrecision precision) {
  // f32 at coordinates 20 units off the origin has errors of 1e-6, and so do logits of order 10. The exponential passes
  // them on, in any order of summation.
  static SelfCheck lifted("attention backend lifted", "dense, whose memory grows with the square of the length", 1e-4,
                          error_of_lifted);
  // Operands have rounding errors of 2^-11, and logits of order 10 amplify them.
  static SelfCheck fast("attention backend fused fast", "lifted", kFusedCheckAllowed, error_of_fused_fast);
  static SelfCheck strict("attention backend fused strict", "lifted", kFusedCheckAllowed, error_of_fused_strict);
  if (!device.is_cuda()) return first_that_passes({{AttentionBackend::kLifted, &lifted}}, device);
  const int capability = flash_ipa_backends::fused_device(device).capability;
  if (capability != kFusedMeasuredCapability) {
    AttentionChoice choice = first_that_passes({{AttentionBackend::kLifted, &lifted}}, device);
    if (capability >= kLeastCapability)
      choice.reason += c10::str("; fused, not measured on capability ", capability / 10, ".", capability % 10,
                                ", runs by name alone");
    return choice;
  }
  AttentionChoice choice =
      first_that_passes({{AttentionBackend::kFused, precision == FusedPrecision::kFast ? &fast : &strict},
                         {AttentionBackend::kLifted, &lifted}},
                        device);
  if (choice.backend == AttentionBackend::kFused)
    choice.reason += c10::str("; lifted for heads of fewer than ", kFusedMeasuredChannels, " channels");
  return choice;
}

AttentionBackend resolve_attention_backend(at::Device device, FusedPrecision precision) {
  return explain_attention_backend(device, precision).backend;
}

}  // namespace flashrna
