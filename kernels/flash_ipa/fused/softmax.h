// The softmax of one query row over tiles of keys, as one thread sees it: it owns some columns of the row in every tile
// (on the tensor core four neighboring threads share a row) and keeps its own share of the row's sums.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/flash_ipa/fused/lift.h"

namespace flashrna::fused_ipa {

// A subnormal result may be zero.
FLASHRNA_HOST_DEVICE float exp2_fast(float x) {
#ifdef __CUDA_ARCH__
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return std::exp2(x);
#endif
}

// Threads that share a row on the tensor core: columns 8 k + 2 quad and 8 k + 2 quad + 1 belong to thread `quad`.
inline constexpr int kQuad = 4;
FLASHRNA_HOST_DEVICE constexpr int quad_of_column(int column) { return column % kChunk / 2; }
// Sum over the four, in the order of two exchanges.
FLASHRNA_HOST_DEVICE float quad_sum(float a, float b, float c, float d) { return (a + b) + (c + d); }

struct SoftmaxRow {
  float maximum = kLowestMaximum;  // of the whole row, corrected logits in units of log 2
  float sum = 0.0f;                // of the rounded P, scaled by 2^15
  Vec3 origin{0.0f, 0.0f, 0.0f};   // sum over tiles of (sum of P) D: what the value points' origins owe
};

// P of the tile is exp2(logit - shift); earlier sums count `alpha` times.
struct SoftmaxTile {
  float alpha, shift;
};

// `tile_maximum` of logits with key_correction, over the whole row; `correction` by row_correction().
FLASHRNA_HOST_DEVICE SoftmaxTile begin_tile(SoftmaxRow& row, float tile_maximum, float correction) {
  const float maximum = fmaxf(row.maximum, tile_maximum + correction);
  const float alpha = exp2_fast(row.maximum - maximum);
  row.maximum = maximum;
  row.sum *= alpha;
  row.origin = alpha * row.origin;
  return {alpha, maximum - correction - kProbabilityExponent};
}

FLASHRNA_HOST_DEVICE float probability(float logit, float shift) { return exp2_fast(logit - shift); }

// `tile_sum` of this thread's rounded P.
FLASHRNA_HOST_DEVICE void end_tile(SoftmaxRow& row, float tile_sum, Vec3 difference) {
  row.sum += tile_sum;
  row.origin = add_scaled(row.origin, tile_sum, difference);
}

// Once all tiles are done and `sum` is the whole row's ---------------------------------------------------------------

// 1 / sum, or 0 for a row whose keys are all masked. NaN is no masked row: bad input shows.
FLASHRNA_HOST_DEVICE float inverse_sum(float sum) { return sum == 0.0f ? 0.0f : 1.0f / sum; }

// log2 of the sum of exp2(logit); infinite for a masked row: its P are zero in backward. It lacks the row's constant,
// -(w lambda / 2) sum_p |q'_p|^2, which depends on the tile's origin: what leaves the kernel has it added, so that
// backward may cut other tiles.
FLASHRNA_HOST_DEVICE float log_sum_exp(float maximum, float sum) {
  return sum == 0.0f ? kInfinity : maximum + log2f(sum) - kProbabilityExponent;
}

// P 2^exponent is exp2(logit with key_correction - this shift). `lse` without the row's constant.
FLASHRNA_HOST_DEVICE float backward_shift(float lse, float correction, float exponent) {
  return lse - correction - exponent;
}

// Parts of the keys --------------------------------------------------------------------------------------------------
// Each part ends with its own quotients and with what they are of; they are combined in the order of the parts. Its
// log_sum_exp would tell the same, but that is as large as the logits: rounded, the shares of the parts would be off by
// 1e-5 and not add up to one.

struct PartSums {
  float maximum, sum;  // of a SoftmaxRow, over the whole row; sum 0: all keys are masked
};

FLASHRNA_HOST_DEVICE bool is_masked(PartSums part) { return part.sum == 0.0f; }
FLASHRNA_HOST_DEVICE bool is_masked(float lse) { return lse == kInfinity; }

// What a part's quotients count beside those of the others, whose largest maximum this is.
FLASHRNA_HOST_DEVICE float part_weight(PartSums part, float maximum) {
  return is_masked(part) ? 0.0f : part.sum * exp2_fast(part.maximum - maximum);
}

// Of all parts together, as if there were one; the weights add up to its sum.
FLASHRNA_HOST_DEVICE PartSums combine_sums(const PartSums* parts, int n, std::int64_t stride) {
  PartSums whole{kLowestMaximum, 0.0f};
  for (int part = 0; part < n; ++part) {
    if (!is_masked(parts[part * stride])) whole.maximum = fmaxf(whole.maximum, parts[part * stride].maximum);
  }
  for (int part = 0; part < n; ++part) whole.sum += part_weight(parts[part * stride], whole.maximum);
  return whole;
}

}  // namespace flashrna::fused_ipa
