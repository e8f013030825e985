// The rounding of the fused kernels' operands applied in f64, to find how much of the kernels' error it explains.
#pragma once

#include "kernels/flash_ipa/fused/lift.h"
#include "tests/kernels/flash_ipa_cases.h"

namespace flashrna {

inline FlashIpaInput in_f64(const FlashIpaInput& in) {
  FlashIpaInput exact = in;
  for (at::Tensor* t : floating_inputs(exact)) *t = t->to(at::kDouble);
  return exact;
}

inline at::Tensor half_rounded(const at::Tensor& t, double scale = 1.0) {
  return t.defined() ? (t.to(at::kFloat) * scale).to(at::kHalf).to(at::kDouble) / scale : t;
}

// The inputs in f64 after the rounding of the tensor-core operands: scalars and pair factors are rounded to halves.
// Points keep 22 bits.
inline FlashIpaInput operand_rounded(const FlashIpaInput& in) {
  FlashIpaInput r = in_f64(in);
  r.q = half_rounded(in.q, fused_ipa::query_scale(static_cast<int>(in.q.size(3))));
  r.k = half_rounded(in.k);
  r.v = half_rounded(in.v);
  r.bias_q = half_rounded(in.bias_q, fused_ipa::kLog2e);
  r.bias_k = half_rounded(in.bias_k);
  r.pair_k = half_rounded(in.pair_k);
  return r;
}

}  // namespace flashrna
