// Forward of fused invariant point attention on a GPU: supported sizes, workspace size, and the launch. Takes raw
// device pointers and a stream; includes no torch headers. README.md in this folder lists the files in reading order.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/flash_ipa/fused/arguments.h"
#include "kernels/flash_ipa/fused/layout.h"
#include "kernels/flash_ipa/fused/precision.h"

namespace flashrna {

// Whether the tensor-core kernels support heads of this size: at most 128 channels, 8 query points, 12 value points,
// rank 8, and R c = 64.
bool fused_forward_supports(const fused_ipa::HeadSize& size);

// The properties of a device that determine the plan, as kernels/cuda_probe.h reports them.
struct FusedDevice {
  int capability;    // 10 major + minor
  int shared_bytes;  // largest amount that a block can use
  int multiprocessors;
};

// Number of parts into which the keys are split, chosen for the least estimated time; 1 unless a split saves at least
// 1/20. In the estimate a block takes a time proportional to its key tiles plus a constant, a multiprocessor runs one
// block at a time, and parts add the time to write, read and combine them.
int choose_parts(std::int64_t blocks, int key_tiles, int multiprocessors);

// Parameters of a launch.
struct FusedForwardPlan {
  FusedPrecision precision = FusedPrecision::kFast;
  bool warpgroups = false;  // use the kernel for 9.0a instead of the one for 8.0 and newer
  fused_ipa::Tile tile{};
  fused_ipa::HeadSize instance{};      // compiled size, at least as large as the caller's
  int parts = 1;                       // of the keys, so that few blocks still fill the device
  int query_tiles = 0, key_tiles = 0;  // for the longest entry
  // Byte offsets into the workspace, multiples of 256, and the size of the workspace.
  std::int64_t queries_at = 0, keys_at = 0, values_at = 0, part_columns_at = 0, part_sums_at = 0;
  std::int64_t workspace_bytes = 0;
};

// Plan for B entries of at most `longest` rows. Throws std::invalid_argument if the size is not supported, if B H
// exceeds the grid limit, or if the device is older than 8.0 or has too little shared memory.
FusedForwardPlan plan_fused_forward(const fused_ipa::HeadSize& size, int B, int H, std::int64_t longest,
                                    FusedPrecision precision, const FusedDevice& device);

// All pointers, including those of the entries' rows and lengths, are on the stream's device. `workspace` is aligned to
// 256 bytes. An empty batch launches nothing. Throws std::runtime_error with the CUDA error message.
void fused_forward_cuda(const fused_ipa::Arguments& arguments, const fused_ipa::Outputs& outputs,
                        const FusedForwardPlan& plan, void* workspace, const CudaStream& stream);

}  // namespace flashrna
