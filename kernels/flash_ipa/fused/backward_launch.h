// Shared by both sources of backward kernels: launches the lift, then a kernel. For nvcc only.
#pragma once

#include "kernels/flash_ipa/fused/backward_block.h"
#include "kernels/flash_ipa/fused/fused_backward.h"

namespace flashrna::fused_ipa {

// Internal linkage: each source needs its own kernels. Shared kernels would be registered twice, for different devices.
namespace {

extern __shared__ __align__(128) char shared_memory[];

constexpr int kRowThreads = 128;  // block size of the row-wise kernels

template <class Size, int kRows>
__global__ void __launch_bounds__(kRowThreads) backward_queries(const __grid_constant__ BackwardProblem problem) {
  write_query_tile<Size, kRows>(CudaBlock(shared_memory), problem.in, problem.tiles, problem.gradients.lse);
}

template <class Size, int kRows>
__global__ void __launch_bounds__(kRowThreads) backward_gradients(const __grid_constant__ BackwardProblem problem) {
  write_gradient_tile<Size, kRows>(CudaBlock(shared_memory), problem.in, problem.gradients, problem.squares,
                                   problem.gradient_tiles, problem.tiles.extremes);
}

template <class Size, int kRows>
__global__ void __launch_bounds__(kRowThreads) backward_keys(const __grid_constant__ BackwardProblem problem) {
  write_key_tile<Size, kRows>(CudaBlock(shared_memory), problem.in, problem.tiles);
}

template <class Rows>
__global__ void __launch_bounds__(Rows::kCombineThreads)
    combine_backward(const __grid_constant__ BackwardProblem problem) {
  Rows::combine_parts(CudaBlock(shared_memory), problem);
}

// Launches the lift of the operands, then `kernel`, which runs Kernel with one block per tile of its rows and part of
// the other operand, then the combination of parts.
template <class Kernel>
void launch_backward(void (*kernel)(BackwardProblem), BackwardProblem problem, const FusedBackwardPlan::Kernel& plan,
                     int tiles, char* memory, const CudaStream& stream) {
  constexpr int kQueries = Kernel::kTile.queries, kKeys = Kernel::kTile.keys;
  using Size = typename Kernel::Size;
  problem.tiles.queries = {memory + plan.queries_at, plan.query_tiles};
  problem.tiles.keys = {memory + plan.keys_at, plan.key_tiles};
  problem.tiles.values = {memory + plan.values_at, plan.key_tiles};
  problem.gradient_tiles = {memory + plan.gradients_at, plan.query_tiles};
  constexpr std::size_t kOriginBytes = sizeof(Vec3) * kOriginLanes;
  const auto entry_heads = static_cast<unsigned>(problem.in.B * problem.in.H);
  const auto grid = [&](int blocks) { return dim3(static_cast<unsigned>(blocks), entry_heads); };
  launch_kernel(stream, "flash_ipa fused backward, lift of queries", backward_queries<Size, kQueries>,
                grid(plan.query_tiles), dim3(kRowThreads), kOriginBytes, problem);
  launch_kernel(stream, "flash_ipa fused backward, lift of gradients", backward_gradients<Size, kQueries>,
                grid(plan.query_tiles * (kQueries / kGradientSlice)), dim3(kRowThreads),
                gradient_slice_bytes<Size>() + kOriginBytes, problem);
  launch_kernel(stream, "flash_ipa fused backward, lift of keys", backward_keys<Size, kKeys>, grid(plan.key_tiles),
                dim3(kRowThreads), kOriginBytes, problem);
  problem.parts = plan.parts;
  problem.part_rows = reinterpret_cast<float*>(memory + plan.part_rows_at);
  launch_kernel(stream, "flash_ipa fused backward", kernel,
                dim3(static_cast<unsigned>(tiles), entry_heads, static_cast<unsigned>(plan.parts)),
                dim3(Kernel::kThreads), Kernel::kSharedBytes, problem);
  if (plan.parts == 1) return;
  using Rows = typename Kernel::Rows;
  launch_kernel(stream, "flash_ipa fused backward, combination of parts", combine_backward<Rows>,
                grid(tiles * (Rows::kTileRows / backward_block::kCombinedRows)), dim3(Rows::kCombineThreads),
                Rows::kCombineSharedBytes, problem);
}

}  // namespace

// Runs both kernels if plan.warpgroups is set.
void launch_backward_sm90(const BackwardProblem& problem, const FusedBackwardPlan& plan, char* memory,
                          const CudaStream& stream);

}  // namespace flashrna::fused_ipa
