// How exactly the fused kernels of invariant point attention compute forward.
#pragma once

namespace flashrna {

// Fast rounds P to 11 bits; strict keeps 22 and sums points tile by tile, for twice the time at most.
enum class FusedPrecision { kFast, kStrict };

}  // namespace flashrna
