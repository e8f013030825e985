// Forward with mma.m16n8k16: instantiates forward_block.h for the sizes and tiles that plan_fused_forward() can choose.
#include "kernels/flash_ipa/fused/forward_launch.h"
#include "kernels/flash_ipa/fused/fused_forward.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads, 1) forward(const __grid_constant__ ForwardProblem problem) {
  Kernel::run(CudaBlock(shared_memory), problem);
}

template <int kC, int kPair, int kQueries, int kKeys, bool kStrict>
void launch(const ForwardProblem& problem, const FusedForwardPlan& plan, const CudaStream& stream) {
  using Kernel = ForwardKernel<kC, kPair, kQueries, kKeys, kStrict>;
  launch_forward<Kernel, kQueries, kKeys>(forward<Kernel>, Kernel::kThreads, Kernel::kSharedBytes, problem, plan,
                                          stream);
}

template <int kC, int kPair>
void launch_size(const ForwardProblem& problem, const FusedForwardPlan& plan, const CudaStream& stream) {
  const bool strict = plan.precision == FusedPrecision::kStrict;
  if (plan.tile.queries == kForwardTileSm80.queries) {
    constexpr Tile kTile = kForwardTileSm80;
    if (strict) return launch<kC, kPair, kTile.queries, kTile.keys, true>(problem, plan, stream);
    return launch<kC, kPair, kTile.queries, kTile.keys, false>(problem, plan, stream);
  }
  constexpr Tile kTile = kForwardTileSmallSm80;
  if (strict) return launch<kC, kPair, kTile.queries, kTile.keys, true>(problem, plan, stream);
  return launch<kC, kPair, kTile.queries, kTile.keys, false>(problem, plan, stream);
}

template <int kC>
void launch_channels(const ForwardProblem& problem, const FusedForwardPlan& plan, const CudaStream& stream) {
  switch (plan.instance.R * plan.instance.c) {
    case 0:
      return launch_size<kC, 0>(problem, plan, stream);
    case 32:
      return launch_size<kC, 32>(problem, plan, stream);
    default:
      return launch_size<kC, 64>(problem, plan, stream);
  }
}

}  // namespace

void fused_forward_cuda(const Arguments& in, const Outputs& out, const FusedForwardPlan& plan, void* workspace,
                        const CudaStream& stream) {
  if (in.B == 0 || in.H == 0 || plan.query_tiles == 0) return;
  char* memory = static_cast<char*>(workspace);
  ForwardProblem problem;
  problem.in = in;
  problem.out = out;
  problem.parts = plan.parts;
  problem.tiles.queries = {memory + plan.queries_at, plan.query_tiles};
  problem.tiles.keys = {memory + plan.keys_at, plan.key_tiles};
  problem.tiles.values = {memory + plan.values_at, plan.key_tiles};
  problem.tiles.extremes = out.extremes;
  problem.part_columns = reinterpret_cast<float*>(memory + plan.part_columns_at);
  problem.part_sums = reinterpret_cast<PartSums*>(memory + plan.part_sums_at);
  if (plan.warpgroups) return launch_forward_sm90(problem, plan, stream);
  if (plan.instance.C == 32) return launch_channels<32>(problem, plan, stream);
  launch_channels<128>(problem, plan, stream);
}

}  // namespace flashrna
