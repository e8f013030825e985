// Backward of fused invariant point attention on a GPU: supported sizes, workspace size, and the launch. Takes raw
// device pointers and a stream; includes no torch headers. Supports the sizes of fused_forward_supports().
//
// Two kernels, one with queries as rows and one with keys as rows, recompute P from the log-sum-exp of forward. Every
// sum has a fixed order, and no floating-point number is added atomically, so gradients of two runs are equal bit for
// bit. Backward has one precision for both precisions of forward: halves with f32 sums, output gradients rounded once.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/flash_ipa/fused/arguments.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/flash_ipa/fused/layout.h"

namespace flashrna {

// Parameters of a launch.
struct FusedBackwardPlan {
  // Tiles of one of the two kernels, and the offsets of its operands in the workspace. Both kernels use the same memory
  // because they run one after the other.
  struct Kernel {
    fused_ipa::Tile tile{};
    int query_tiles = 0, key_tiles = 0;  // for the longest entry
    int parts = 1;                       // of the tiles that are summed over, so that few blocks still fill the device
    std::int64_t queries_at = 0, gradients_at = 0, keys_at = 0, values_at = 0, part_rows_at = 0;
  };

  bool warpgroups = false;         // use the kernels for 9.0a instead of those for 8.0 and newer
  fused_ipa::HeadSize instance{};  // compiled size, at least as large as the caller's
  std::int64_t longest = 0;        // rows of the longest entry
  Kernel of_queries, of_keys;      // kernel with queries as rows, kernel with keys as rows
  // Byte offsets into the workspace, multiples of 256, and the size of the workspace.
  std::int64_t scales_at = 0;     // [B, H, 2] largest squares of a gradient row and of a value row
  std::int64_t centroids_at = 0;  // [B, 3]
  std::int64_t rows_at = 0;       // [B, H, longest] gradients per residue, to be summed over heads
  std::int64_t pair_k_at = 0;     // [B, H, longest, R c]
  std::int64_t workspace_bytes = 0;
};

// Plan for B entries of at most `longest` rows. The workspace takes about 2 kB per head and row at 128 channels and 64
// columns of pair values. Throws std::invalid_argument if the size is not supported or the device has too little shared
// memory.
FusedBackwardPlan plan_fused_backward(const fused_ipa::HeadSize& size, int B, int H, std::int64_t longest,
                                      const FusedDevice& device);

// Enqueues all work on the stream and returns. All pointers, including those of the entries' rows and lengths, are on
// the stream's device. `workspace` is aligned to 256 bytes and need not be initialized.
//   arguments: exactly those of forward.
//   gradients: outputs of forward, including lse and, with pair values, pair_sums, which forward writes on request;
//     and the gradients with respect to scalars, points, point_norms and (with pair values) pairs. All are required:
//     pass zeros where the loss does not depend on an output. Any magnitude in the range of f32 is allowed.
//   out: all are written, except those that are null because the argument is null, and key_bias, which may always be
//     null. Rows outside of all entries are not written, so initialize them to zero. point_weights [H] is always
//     written, zeros for an empty batch.
// Only forward counts numbers of the arguments beyond the range of halves. Throws std::runtime_error with the CUDA
// error message.
void fused_backward_cuda(const fused_ipa::Arguments& arguments, const fused_ipa::OutputGradients& gradients,
                         const fused_ipa::InputGradients& out, const FusedBackwardPlan& plan, void* workspace,
                         const CudaStream& stream);

}  // namespace flashrna
