// Backward with mma.m16n8k16: instantiates query_gradient_block.h and key_gradient_block.h for the sizes and tiles that
// plan_fused_backward() can choose, and the row-wise kernels before and after them.
#include "kernels/flash_ipa/fused/backward_launch.h"
#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/key_gradient_block.h"
#include "kernels/flash_ipa/fused/query_gradient_block.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads, 1) backward(const __grid_constant__ BackwardProblem problem) {
  Kernel::run(CudaBlock(shared_memory), problem);
}

__global__ void __launch_bounds__(kCentroidLanes)
    backward_centroids(const __grid_constant__ Arguments in, float* centroids) {
  write_centroid(CudaBlock(shared_memory), in, centroids);
}

__global__ void __launch_bounds__(kRowThreads) backward_squares(const __grid_constant__ BackwardProblem problem) {
  find_largest_squares(CudaBlock(shared_memory), problem.in, problem.gradients, problem.centroids, problem.squares);
}

__global__ void __launch_bounds__(kRowThreads) backward_heads(const __grid_constant__ BackwardProblem problem) {
  sum_rows_over_heads(CudaBlock(shared_memory), problem.in, problem.gradients, problem.sums, problem.out);
}

__global__ void __launch_bounds__(kWeightLanes) backward_weights(const __grid_constant__ BackwardProblem problem) {
  sum_point_weights(CudaBlock(shared_memory), problem.in, problem.sums, problem.out.point_weights);
}

template <class Queries, class Keys>
void launch_both(const BackwardProblem& problem, const FusedBackwardPlan& plan, char* memory,
                 const CudaStream& stream) {
  launch_backward<Queries>(backward<Queries>, problem, plan.of_queries, plan.of_queries.query_tiles, memory, stream);
  launch_backward<Keys>(backward<Keys>, problem, plan.of_keys, plan.of_keys.key_tiles, memory, stream);
}

template <int kC, int kPair>
void launch_size(const BackwardProblem& problem, const FusedBackwardPlan& plan, char* memory,
                 const CudaStream& stream) {
  constexpr Tile kQ = kQueryGradientTileSm80, kSmallQ = kQueryGradientTileSmallSm80;
  constexpr Tile kK = kKeyGradientTileSm80, kSmallK = kKeyGradientTileSmallSm80;
  if (plan.of_queries.tile.queries == kQ.queries) {
    return launch_both<QueryGradientKernel<kC, kPair, kQ.queries, kQ.keys>,
                       KeyGradientKernel<kC, kPair, kK.queries, kK.keys>>(problem, plan, memory, stream);
  }
  launch_both<QueryGradientKernel<kC, kPair, kSmallQ.queries, kSmallQ.keys>,
              KeyGradientKernel<kC, kPair, kSmallK.queries, kSmallK.keys>>(problem, plan, memory, stream);
}

template <int kC>
void launch_channels(const BackwardProblem& problem, const FusedBackwardPlan& plan, char* memory,
                     const CudaStream& stream) {
  switch (plan.instance.R * plan.instance.c) {
    case 0:
      return launch_size<kC, 0>(problem, plan, memory, stream);
    case 32:
      return launch_size<kC, 32>(problem, plan, memory, stream);
    default:
      return launch_size<kC, 64>(problem, plan, memory, stream);
  }
}

void set_zero(const CudaStream& stream, void* at, std::size_t bytes) {
  const ScopedCudaDevice device(stream.device);
  check_cuda(cudaMemsetAsync(at, 0, bytes, static_cast<cudaStream_t>(stream.handle)), "flash_ipa fused backward");
}

}  // namespace

void fused_backward_cuda(const Arguments& in, const OutputGradients& gradients, const InputGradients& out,
                         const FusedBackwardPlan& plan, void* workspace, const CudaStream& stream) {
  if (in.H == 0) return;
  if (in.B == 0 || plan.longest == 0) return set_zero(stream, out.point_weights, sizeof(float) * in.H);
  char* memory = static_cast<char*>(workspace);
  BackwardProblem problem;
  problem.in = in;
  problem.gradients = gradients;
  problem.out = out;
  problem.squares = reinterpret_cast<LargestSquares*>(memory + plan.scales_at);
  problem.centroids = reinterpret_cast<float*>(memory + plan.centroids_at);
  problem.sums = {reinterpret_cast<ResidueGradient*>(memory + plan.rows_at),
                  reinterpret_cast<float*>(memory + plan.pair_k_at), plan.longest};
  const auto entries = static_cast<unsigned>(in.B), heads = static_cast<unsigned>(in.H);
  const auto blocks_of = [&](int rows) { return static_cast<unsigned>((plan.longest + rows - 1) / rows); };

  set_zero(stream, problem.squares, sizeof(LargestSquares) * entries * heads);
  launch_kernel(stream, "flash_ipa fused backward, centroids", backward_centroids, dim3(entries), dim3(kCentroidLanes),
                sizeof(Vec3) * kCentroidLanes, in, problem.centroids);
  launch_kernel(stream, "flash_ipa fused backward, scales", backward_squares,
                dim3(blocks_of(kRowsOfSquares), entries * heads), dim3(kRowThreads), 0, problem);
  if (plan.warpgroups) {
    launch_backward_sm90(problem, plan, memory, stream);
  } else if (plan.instance.C == 32) {
    launch_channels<32>(problem, plan, memory, stream);
  } else {
    launch_channels<128>(problem, plan, memory, stream);
  }
  launch_kernel(stream, "flash_ipa fused backward, sums over heads", backward_heads,
                dim3(blocks_of(kRowsOfSharing), entries), dim3(kRowThreads), 0, problem);
  launch_kernel(stream, "flash_ipa fused backward, point weights", backward_weights, dim3(heads), dim3(kWeightLanes),
                sizeof(double) * kWeightLanes, problem);
}

}  // namespace flashrna
