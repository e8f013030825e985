// Forward with wgmma: instantiates forward_block_sm90.h, for 9.0a only.
#include "kernels/flash_ipa/fused/forward_block_sm90.h"
#include "kernels/flash_ipa/fused/forward_launch.h"

namespace flashrna::fused_ipa {

namespace {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads, 1) forward(const __grid_constant__ ForwardProblem problem) {
  Kernel::run(CudaWarpgroupBlock(shared_memory), problem);
}

template <int kPair, bool kStrict>
void launch(const ForwardProblem& problem, const FusedForwardPlan& plan, const CudaStream& stream) {
  using Kernel = ForwardKernelSm90<128, kPair, kStrict>;
  launch_forward<typename Kernel::Rows, Kernel::kQueries, Kernel::kKeys>(forward<Kernel>, Kernel::kThreads,
                                                                         Kernel::kSharedBytes, problem, plan, stream);
}

}  // namespace

void launch_forward_sm90(const ForwardProblem& problem, const FusedForwardPlan& plan, const CudaStream& stream) {
  const bool strict = plan.precision == FusedPrecision::kStrict, pair = plan.instance.c > 0;
  if (pair) return strict ? launch<64, true>(problem, plan, stream) : launch<64, false>(problem, plan, stream);
  return strict ? launch<0, true>(problem, plan, stream) : launch<0, false>(problem, plan, stream);
}

}  // namespace flashrna::fused_ipa
