// What the fused kernels and their emulator take and give: raw pointers, f32, contiguous. N rows of all batch entries;
// entry b has the rows first_row_of(b) ... first_row_of(b) + length_of(b) - 1, so that padded and packed batches are
// the same.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/flash_ipa/fused/layout.h"
#include "kernels/lengths.h"

namespace flashrna::fused_ipa {

struct Arguments {
  HeadSize size{};
  int H = 0;
  int B = 0;
  std::int64_t N = 0;
  const std::int64_t* first_row = nullptr;                                    // [B]; null: of a padded batch
  const std::int64_t* length = nullptr;                                       // [B], on the device: see length_of()
  std::int64_t longest = std::numeric_limits<int>::max();                     // of a padded batch its padded length
  const float *q = nullptr, *k = nullptr, *v = nullptr;                       // [N, H, C]
  const float *q_points = nullptr, *k_points = nullptr, *v_points = nullptr;  // [N, H, P, 3] local, nm
  const float *rotations = nullptr, *translations = nullptr;                  // [N, 3, 3], [N, 3] nm
  const float* point_weights = nullptr;                                       // [H] > 0
  const float *bias_q = nullptr, *bias_k = nullptr;                           // [N, H, R]; R = 0: null
  const float *pair_q = nullptr, *pair_k = nullptr;                           // [N, R, c]; R = 0: null
  const float* key_bias = nullptr;                                            // [N] or null

  FLASHRNA_HOST_DEVICE std::int64_t first_row_of(int entry) const {
    return first_row != nullptr ? first_row[entry] : entry * longest;
  }
  FLASHRNA_HOST_DEVICE int length_of(int entry) const { return static_cast<int>(cut_length(length[entry], longest)); }
};

// Rows outside of all entries are left as they are.
struct Outputs {
  float* scalars = nullptr;      // [N, H, C]
  float* points = nullptr;       // [N, H, P_v, 3] in the residue's frame
  float* point_norms = nullptr;  // [N, H, P_v]
  float* pairs = nullptr;        // [N, H, c]; null without pair values
  float* pair_sums = nullptr;    // U [N, H, R, c], for backward; may be null
  float* lse = nullptr;  // [N, H] log2 sum_j 2^(a_ij log2 e), for backward; infinite for a masked row; may be null
  // Added to: threads that met a number beyond the range of halves, which counts as +-65504, or NaN. May be null.
  unsigned long long* extremes = nullptr;
};

// What backward takes besides: outputs of forward and the derivatives by them.
struct OutputGradients {
  const float *scalars = nullptr, *points = nullptr, *pair_sums = nullptr, *lse = nullptr;  // of forward
  const float* d_scalars = nullptr;                                                         // [N, H, C]
  const float* d_points = nullptr;                                                          // [N, H, P_v, 3]
  const float* d_point_norms = nullptr;                                                     // [N, H, P_v]
  const float* d_pairs = nullptr;  // [N, H, c]; null without pair values
};

// Derivatives by the arguments of the same names; rows outside of all entries are left as they are.
struct InputGradients {
  float *q = nullptr, *k = nullptr, *v = nullptr;
  float *q_points = nullptr, *k_points = nullptr, *v_points = nullptr;
  float *rotations = nullptr,
        *translations = nullptr;  // of the nine entries of a rotation, as if they were independent
  float* point_weights = nullptr;
  float *bias_q = nullptr, *bias_k = nullptr, *pair_q = nullptr, *pair_k = nullptr;  // null where the argument is
  float* key_bias = nullptr;                                                         // [N], or null
};

}  // namespace flashrna::fused_ipa
