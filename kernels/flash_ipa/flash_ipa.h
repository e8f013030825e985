// Invariant point attention (Jumper et al. 2021, doi:10.1038/s41586-021-03819-2, suppl. algorithm 22) with a factorized
// pair representation (FlashIPA, Liu et al., arXiv:2505.11580): one function, interchangeable backends.
//
// For query i, key j and head h, with global points x = R l + t,
//   a_ij = q_i.k_j / sqrt(3 C) + sum_r bias_q_ir bias_k_jr - (w_h / 2) sum_p |xq_ip - xk_jp|^2,   P = softmax_j a_ij
// over the real residues j of the same batch entry. Lengths are in any unit (the model uses nm).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "kernels/flash_ipa/fused/precision.h"
#include "kernels/padding_masks.h"

namespace flashrna {

// B batch, L padded length, H heads, C channels, P_q and P_v points, R pair rank, c pair value channels.
// All floating tensors have one dtype, f32 or f64, and one device.
struct FlashIpaInput {
  at::Tensor q, k, v;             // [B, L, H, C]
  at::Tensor q_points, k_points;  // [B, L, H, P_q, 3] in the residue's frame
  at::Tensor v_points;            // [B, L, H, P_v, 3] in the residue's frame
  at::Tensor rotations;           // [B, L, 3, 3], columns are the axes
  at::Tensor translations;        // [B, L, 3]
  at::Tensor point_weights;       // [H], w > 0
  at::Tensor bias_q, bias_k;      // [B, L, H, R]; both undefined if there is no pair bias
  at::Tensor pair_q, pair_k;      // [B, L, R, c], the same for all heads; both undefined if there is no pair output
  // An unfactorized pair representation as an alternative, for comparison. It takes O(L^2) memory itself, so only the
  // dense backend supports it.
  at::Tensor pair_bias;    // [B, L, L, H] (query, key) or undefined
  at::Tensor pair_values;  // [B, L, L, c] or undefined
  at::Tensor lengths;      // [B] i64, real residues, 0 to L; the rest is padding
  PaddingMasks masks;      // of these lengths in the dtype of q, for several calls; undefined: computed from lengths
};

// Rows in the padding are zero.
struct FlashIpaOutput {
  at::Tensor scalars;      // [B, L, H, C]       sum_j P_ij v_j
  at::Tensor points;       // [B, L, H, P_v, 3]  y = R_i^T (sum_j P_ij xv_j - t_i)
  at::Tensor point_norms;  // [B, L, H, P_v]     sqrt(|y|^2 + 1e-8)
  at::Tensor pairs;        // [B, L, H, c]       sum_r pair_q_ir (sum_j P_ij pair_k_jr); undefined without pair values
};

enum class AttentionBackend {
  kAuto,    // the first of fused, lifted, dense that passes a self-check against dense on this device; fused only where
            // it was measured to be faster
  kDense,   // the equation as printed, O(L^2) memory: the reference
  kLifted,  // FlashIPA's algorithm 1 with LibTorch's fused attention, O(L) memory
  kFused,   // our CUDA kernels on tensor cores, f32, devices of 8.0 or newer; unsupported dtypes and sizes run as
            // kSimple
  kSimple,  // the equation in plain loops, row by row: O(L) memory, slow; a reference where dense does not fit
};

// Parses "auto", "dense", "lifted", "fused" or "simple". Throws c10::Error naming the allowed values otherwise.
AttentionBackend parse_attention_backend(std::string_view name);
std::string_view attention_backend_name(AttentionBackend backend);
// Parses "fast" or "strict". Throws c10::Error naming the allowed values otherwise.
FusedPrecision parse_fused_precision(std::string_view name);
std::string_view fused_precision_name(FusedPrecision precision);

// Differentiable in every floating input. An unfactorized pair representation always runs on the dense backend.
// `precision` applies to the fused backend. Work on a GPU is enqueued on LibTorch's current stream. The host
// synchronizes only at first use and when it checks for numbers beyond the fused kernels' range, after calls 1, 2, 4,
// 8...: make one call before capturing a CUDA graph. Throws c10::Error naming the tensor whose shape, dtype or device
// is wrong. On a CPU it also throws for a length outside 0 to L, which a GPU clamps instead. Throws std::exception if
// the fused backend cannot run here.
FlashIpaOutput flash_ipa(const FlashIpaInput& input, AttentionBackend backend = AttentionBackend::kAuto,
                         FusedPrecision precision = FusedPrecision::kFast);

// Capability and minimum number of channels for which RESULTS.md shows kFused to be faster than kLifted at all lengths,
// so that kAuto may choose it. An explicit kFused runs wherever it can. Heads with fewer channels use a different
// kernel.
inline constexpr int kFusedMeasuredCapability = 90, kFusedMeasuredChannels = 33;

// The backend of kAuto on `device` for an input that the fused kernels support and that has at least
// kFusedMeasuredChannels channels. Decided at first use by comparing outputs and gradients with kDense, which takes a
// few milliseconds, and cached.
AttentionBackend resolve_attention_backend(at::Device device, FusedPrecision precision = FusedPrecision::kFast);

struct AttentionChoice {
  AttentionBackend backend;
  std::string reason;  // result of the comparison, with its error
};
// The same with the reason.
AttentionChoice explain_attention_backend(at::Device device, FusedPrecision precision = FusedPrecision::kFast);

// Floating-point operations of one forward pass over one sequence of L residues: the products of queries with keys and
// of probabilities with values, without padding.
double flash_ipa_forward_flops(int64_t L, int64_t H, int64_t C, int64_t P_q, int64_t P_v, int64_t R, int64_t c);

}  // namespace flashrna
