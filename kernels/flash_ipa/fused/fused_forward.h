// Forward of fused invariant point attention on a GPU: what fits, how much memory it takes, and the launch. No torch
// here: raw device pointers and a stream.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/flash_ipa/fused/arguments.h"
#include "kernels/flash_ipa/fused/layout.h"
#include "kernels/flash_ipa/fused/precision.h"

namespace flashrna {

// Whether the tensor-core kernels take heads of this size: up to 128 channels, 8 query and 12 value points, rank up to
// 8, R c up to 64.
bool fused_forward_supports(const fused_ipa::HeadSize& size);

// What of a device decides; kernels/cuda_probe.h finds it.
struct FusedDevice {
  int capability;    // 10 major + minor
  int shared_bytes;  // the most that a block may have
  int multiprocessors;
};

// Parts of the keys in which the launch takes least time by an estimate, 1 unless a split saves a twentieth: a block
// needs as long as its tiles of keys and some more, a multiprocessor has one block at a time, and parts are written,
// read and combined.
int choose_parts(std::int64_t blocks, int key_tiles, int multiprocessors);

// What a launch does.
struct FusedForwardPlan {
  FusedPrecision precision = FusedPrecision::kFast;
  bool warpgroups = false;  // the kernel for 9.0a instead of that for 8.0 and newer
  fused_ipa::Tile tile{};
  fused_ipa::HeadSize instance{};      // the compiled size, not smaller than the caller's
  int parts = 1;                       // into which the keys are split, so that few blocks occupy the device
  int query_tiles = 0, key_tiles = 0;  // of the longest entry
  // Offsets in bytes into the workspace, each a multiple of 256, and its size.
  std::int64_t queries_at = 0, keys_at = 0, values_at = 0, part_columns_at = 0, part_sums_at = 0;
  std::int64_t workspace_bytes = 0;
};

// For B entries of at most `longest` rows. Throws std::invalid_argument if the size is not supported, B H is more than
// a launch takes, or the device is older than 8.0 or has too little shared memory.
FusedForwardPlan plan_fused_forward(const fused_ipa::HeadSize& size, int B, int H, std::int64_t longest,
                                    FusedPrecision precision, const FusedDevice& device);

// All pointers, also those of the entries' rows and lengths, on the stream's device; `workspace` 256-byte aligned.
// Nothing is launched for an empty batch. Throws std::runtime_error with what CUDA reports.
void fused_forward_cuda(const fused_ipa::Arguments& arguments, const fused_ipa::Outputs& outputs,
                        const FusedForwardPlan& plan, void* workspace, const CudaStream& stream);

}  // namespace flashrna
