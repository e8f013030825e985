// Backward of fused invariant point attention on a GPU: what fits, how much memory it takes, and the launch. No torch
// here: raw device pointers and a stream. It takes the sizes of fused_forward_supports().
//
// Two kernels, one whose rows are queries and one whose rows are keys, compute P again from the log-sum-exp of forward.
// Every sum has one order and no floating-point number is added atomically: the gradients of two runs are the same, bit
// for bit. There is one precision, for forward in either: halves with f32 sums, gradients of the outputs rounded once.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/flash_ipa/fused/arguments.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/flash_ipa/fused/layout.h"

namespace flashrna {

// What a launch does.
struct FusedBackwardPlan {
  // Tiles of one of the two kernels, and where its operands begin in the workspace. Each kernel has its own, but in the
  // same memory: they run one after the other.
  struct Kernel {
    fused_ipa::Tile tile{};
    int query_tiles = 0, key_tiles = 0;  // of the longest entry
    std::int64_t queries_at = 0, gradients_at = 0, keys_at = 0, values_at = 0;
  };

  bool warpgroups = false;         // the kernels for 9.0a instead of those for 8.0 and newer
  fused_ipa::HeadSize instance{};  // the compiled size, not smaller than the caller's
  std::int64_t longest = 0;        // rows of the longest entry
  Kernel of_queries, of_keys;      // rows of the former are queries, of the latter keys
  // Offsets in bytes into the workspace, as those above multiples of 256, and its size.
  std::int64_t scales_at = 0;     // [B, H, 2] the largest squares of a row of gradients and of one of values
  std::int64_t centroids_at = 0;  // [B, 3]
  std::int64_t rows_at = 0;       // [B, H, longest] what heads add up for a residue
  std::int64_t pair_k_at = 0;     // [B, H, longest, R c]
  std::int64_t workspace_bytes = 0;
};

// For B entries of at most `longest` rows; about 2 kB per head and row at 128 channels and 64 columns of pair values.
// Throws std::invalid_argument if the size is not supported or the device has too little shared memory.
FusedBackwardPlan plan_fused_backward(const fused_ipa::HeadSize& size, int B, int H, std::int64_t longest,
                                      const FusedDevice& device);

// Enqueues everything on the stream and returns. All pointers, also those of the entries' rows and lengths, on the
// stream's device; `workspace` 256-byte aligned, nothing in it is expected.
//   arguments: those of forward, the very same numbers.
//   gradients: outputs of forward, among them lse and, with pair values, pair_sums, which forward leaves out unless
//     asked; and the derivatives by scalars, points, point_norms and (with pair values) pairs, all given: zeros where
//     the loss does not depend on one. Any magnitude that f32 holds is well.
//   out: all written but what is null where the argument is, and key_bias, which may be null in any case. Rows outside
//     of all entries are left as they are, so let them begin as zeros. point_weights [H] is written in any case, zeros
//     for an empty batch.
// Numbers of the arguments beyond the range of halves are counted by forward. Throws std::runtime_error with what CUDA
// reports.
void fused_backward_cuda(const fused_ipa::Arguments& arguments, const fused_ipa::OutputGradients& gradients,
                         const fused_ipa::InputGradients& out, const FusedBackwardPlan& plan, void* workspace,
                         const CudaStream& stream);

}  // namespace flashrna
