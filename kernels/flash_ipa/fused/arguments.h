// Arguments and results of the fused kernels and their emulator: raw pointers to contiguous f32. N counts the rows of
// all batch entries. Entry b has rows first_row_of(b) to first_row_of(b) + length_of(b) - 1, which covers padded and
// packed batches.
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
  const std::int64_t* first_row = nullptr;                                    // [B]; null for a padded batch
  const std::int64_t* length = nullptr;                                       // [B], on the device; see length_of()
  std::int64_t longest = std::numeric_limits<int>::max();                     // padded length of a padded batch
  const float *q = nullptr, *k = nullptr, *v = nullptr;                       // [N, H, C]
  const float *q_points = nullptr, *k_points = nullptr, *v_points = nullptr;  // [N, H, P, 3] local, nm
  const float *rotations = nullptr, *translations = nullptr;                  // [N, 3, 3], [N, 3] nm
  const float* point_weights = nullptr;                                       // [H] > 0
  const float *bias_q = nullptr, *bias_k = nullptr;                           // [N, H, R]; null if R = 0
  const float *pair_q = nullptr, *pair_k = nullptr;                           // [N, R, c]; null if R = 0
  const float* key_bias = nullptr;                                            // [N] or null

  FLASHRNA_HOST_DEVICE std::int64_t first_row_of(int entry) const {
    return first_row != nullptr ? first_row[entry] : entry * longest;
  }
  FLASHRNA_HOST_DEVICE int length_of(int entry) const { return static_cast<int>(cut_length(length[entry], longest)); }
};

// Rows outside of all entries are not written.
struct Outputs {
  float* scalars = nullptr;      // [N, H, C]
  float* points = nullptr;       // [N, H, P_v, 3] in the residue's frame
  float* point_norms = nullptr;  // [N, H, P_v]
  float* pairs = nullptr;        // [N, H, c]; null without pair values
  float* pair_sums = nullptr;    // U [N, H, R, c], for backward; may be null
  float* lse = nullptr;  // [N, H] log2 sum_j 2^(a_ij log2 e), for backward; infinite for a masked row; may be null
  // Incremented by every thread that meets NaN or a number beyond the range of halves, which becomes +-65504. May be
  // null.
  unsigned long long* extremes = nullptr;
};

// Additional arguments of backward: outputs of forward and the gradients with respect to them.
struct OutputGradients {
  const float *scalars = nullptr, *points = nullptr, *pair_sums = nullptr, *lse = nullptr;  // outputs of forward
  const float* d_scalars = nullptr;                                                         // [N, H, C]
  const float* d_points = nullptr;                                                          // [N, H, P_v, 3]
  const float* d_point_norms = nullptr;                                                     // [N, H, P_v]
  const float* d_pairs = nullptr;  // [N, H, c]; null without pair values
};

// Gradients with respect to the arguments of the same names. Rows outside of all entries are not written.
struct InputGradients {
  float *q = nullptr, *k = nullptr, *v = nullptr;
  float *q_points = nullptr, *k_points = nullptr, *v_points = nullptr;
  float *rotations = nullptr,
        *translations = nullptr;  // the nine entries of a rotation are treated as independent
  float* point_weights = nullptr;
  float *bias_q = nullptr, *bias_k = nullptr, *pair_q = nullptr, *pair_k = nullptr;  // null where the argument is null
  float* key_bias = nullptr;                                                         // [N] or null
};

}  // namespace flashrna::fused_ipa
