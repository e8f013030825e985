// The online softmax of one query row over tiles of keys, from the view of one thread. The thread holds some columns of
// the row in every tile (on the tensor core four neighboring threads share a row) and its own share of the row's sums.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/flash_ipa/fused/lift.h"

namespace flashrna::fused_ipa {

// 2^x; a subnormal result may be flushed to zero.
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
// Sum over the four threads, in the order of two exchanges.
FLASHRNA_HOST_DEVICE float quad_sum(float a, float b, float c, float d) { return (a + b) + (c + d); }

struct SoftmaxRow {
  float maximum = kLowestMaximum;  // of the whole row, corrected logits in units of log 2
  float sum = 0.0f;                // of the rounded P, scaled by 2^15
  Vec3 origin{0.0f, 0.0f, 0.0f};   // sum over tiles of (sum of P) D: correction for the origins of the value points
};

// P of the tile is exp2(logit - shift). Earlier sums are multiplied by alpha.
struct SoftmaxTile {
  float alpha, shift;
};

// `tile_maximum` is the maximum over the whole row of logits with key_correction; `correction` is row_correction().
FLASHRNA_HOST_DEVICE SoftmaxTile begin_tile(SoftmaxRow& row, float tile_maximum, float correction) {
  const float maximum = fmaxf(row.maximum, tile_maximum + correction);
  const float alpha = exp2_fast(row.maximum - maximum);
  row.maximum = maximum;
  row.sum *= alpha;
  row.origin = alpha * row.origin;
  return {alpha, maximum - correction - kProbabilityExponent};
}

FLASHRNA_HOST_DEVICE float probability(float logit, float shift) { return exp2_fast(logit - shift); }

// `tile_sum` is the sum of this thread's rounded P.
FLASHRNA_HOST_DEVICE void end_tile(SoftmaxRow& row, float tile_sum, Vec3 difference) {
  row.sum += tile_sum;
  row.origin = add_scaled(row.origin, tile_sum, difference);
}

// After the last tile, with `sum` over the whole row ------------------------------------------------------------------

// 1 / sum, or 0 for a row whose keys are all masked. NaN is not treated as masked, so that bad input is visible.
FLASHRNA_HOST_DEVICE float inverse_sum(float sum) { return sum == 0.0f ? 0.0f : 1.0f / sum; }

// log2 of the sum of exp2(logit). Infinite for a masked row, so that its P are zero in backward. It lacks the row's
// constant, -(w lambda / 2) sum_p |q'_p|^2, which depends on the tile's origin. The kernel adds the constant to its
// output so that backward may use different tiles.
FLASHRNA_HOST_DEVICE float log_sum_exp(float maximum, float sum) {
  return sum == 0.0f ? kInfinity : maximum + log2f(sum) - kProbabilityExponent;
}

// P 2^exponent = exp2(logit with key_correction - this shift). `lse` is without the row's constant.
FLASHRNA_HOST_DEVICE float backward_shift(float lse, float correction, float exponent) {
  return lse - correction - exponent;
}

// Parts of the keys --------------------------------------------------------------------------------------------------
// Each part of the keys yields normalized rows with their maximum and sum. Parts are combined in their order. The
// log_sum_exp would contain the same information, but it is as large as the logits: rounding it would change the
// weights of the parts by 1e-5, and they would not add up to one.

struct PartSums {
  float maximum, sum;  // of a SoftmaxRow, over the whole row; sum is 0 if all keys are masked
};

FLASHRNA_HOST_DEVICE bool is_masked(PartSums part) { return part.sum == 0.0f; }
FLASHRNA_HOST_DEVICE bool is_masked(float lse) { return lse == kInfinity; }

// Weight of a part's normalized row; `maximum` is the largest maximum of all parts.
FLASHRNA_HOST_DEVICE float part_weight(PartSums part, float maximum) {
  return is_masked(part) ? 0.0f : part.sum * exp2_fast(part.maximum - maximum);
}

// Maximum and sum over all parts, as if the keys had not been split. The weights of the parts add up to this sum.
FLASHRNA_HOST_DEVICE PartSums combine_sums(const PartSums* parts, int n, std::int64_t stride) {
  PartSums whole{kLowestMaximum, 0.0f};
  for (int part = 0; part < n; ++part) {
    if (!is_masked(parts[part * stride])) whole.maximum = fmaxf(whole.maximum, parts[part * stride].maximum);
  }
  for (int part = 0; part < n; ++part) whole.sum += part_weight(parts[part * stride], whole.maximum);
  return whole;
}

}  // namespace flashrna::fused_ipa
