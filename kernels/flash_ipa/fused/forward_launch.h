// Shared by both sources of forward kernels: launches the lift, the kernel, and the combination of parts. For nvcc
// only.
#pragma once

#include "kernels/flash_ipa/fused/forward_block.h"
#include "kernels/flash_ipa/fused/fused_forward.h"

namespace flashrna::fused_ipa {

// Internal linkage: each source needs its own kernels. Shared kernels would be registered twice, for different devices.
namespace {

extern __shared__ __align__(128) char shared_memory[];

template <class Size, int kRows>
__global__ void __launch_bounds__(128)
    lift_queries(const __grid_constant__ Arguments in, const __grid_constant__ OperandTiles tiles) {
  write_query_tile<Size, kRows>(CudaBlock(shared_memory), in, tiles);
}

template <class Size, int kRows>
__global__ void __launch_bounds__(128)
    lift_keys(const __grid_constant__ Arguments in, const __grid_constant__ OperandTiles tiles) {
  write_key_tile<Size, kRows>(CudaBlock(shared_memory), in, tiles);
}

template <class Rows>
__global__ void __launch_bounds__(Rows::kThreads) combine_forward(const __grid_constant__ ForwardProblem problem) {
  Rows::combine_parts(CudaBlock(shared_memory), problem);
}

// Launches `kernel` with `threads` threads and `shared_bytes` of shared memory on tiles of kQueries and kKeys rows.
// `Rows` is the ForwardKernel of the same sizes.
template <class Rows, int kQueries, int kKeys>
void launch_forward(void (*kernel)(ForwardProblem), int threads, int shared_bytes, const ForwardProblem& problem,
                    const FusedForwardPlan& plan, const CudaStream& stream) {
  using Size = typename Rows::Size;
  const unsigned entry_heads = static_cast<unsigned>(problem.in.B * problem.in.H);
  const unsigned query_tiles = static_cast<unsigned>(plan.query_tiles),
                 key_tiles = static_cast<unsigned>(plan.key_tiles);
  constexpr std::size_t kOriginBytes = sizeof(Vec3) * kOriginLanes;
  launch_kernel(stream, "flash_ipa fused lift of queries", lift_queries<Size, kQueries>, dim3(query_tiles, entry_heads),
                dim3(128), kOriginBytes, problem.in, problem.tiles);
  launch_kernel(stream, "flash_ipa fused lift of keys", lift_keys<Size, kKeys>, dim3(key_tiles, entry_heads), dim3(128),
                kOriginBytes, problem.in, problem.tiles);
  launch_kernel(stream, "flash_ipa fused forward", kernel,
                dim3(query_tiles, entry_heads, static_cast<unsigned>(plan.parts)), dim3(threads), shared_bytes,
                problem);
  if (plan.parts > 1) {
    launch_kernel(stream, "flash_ipa fused combination of parts", combine_forward<Rows>,
                  dim3(query_tiles * Rows::kCombineBlocks, entry_heads), dim3(Rows::kThreads),
                  Rows::kCombineSharedBytes, problem);
  }
}

}  // namespace

// fused_forward_cuda() if plan.warpgroups is set.
void launch_forward_sm90(const ForwardProblem& problem, const FusedForwardPlan& plan, const CudaStream& stream);

}  // namespace flashrna::fused_ipa
