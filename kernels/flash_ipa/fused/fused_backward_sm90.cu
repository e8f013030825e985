// Backward with wgmma: instantiates backward_block_sm90.h, for 9.0a only.
#include "kernels/flash_ipa/fused/backward_block_sm90.h"
#include "kernels/flash_ipa/fused/backward_launch.h"

namespace flashrna::fused_ipa {

namespace {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads, 1) backward(const __grid_constant__ BackwardProblem problem) {
  Kernel::run(CudaWarpgroupBlock(shared_memory), problem);
}

template <int kPair>
void launch(const BackwardProblem& problem, const FusedBackwardPlan& plan, char* memory, const CudaStream& stream) {
  using Queries = QueryGradientKernelSm90<128, kPair>;
  using Keys = KeyGradientKernelSm90<128, kPair>;
  launch_backward<Queries>(backward<Queries>, problem, plan.of_queries, plan.of_queries.query_tiles, memory, stream);
  launch_backward<Keys>(backward<Keys>, problem, plan.of_keys, plan.of_keys.key_tiles, memory, stream);
}

}  // namespace

void launch_backward_sm90(const BackwardProblem& problem, const FusedBackwardPlan& plan, char* memory,
                          const CudaStream& stream) {
  if (plan.instance.c > 0) return launch<64>(problem, plan, memory, stream);
  launch<0>(problem, plan, memory, stream);
}

}  // namespace flashrna::fused_ipa
