// Precision of the fused kernels of invariant point attention in forward.
#pragma once

namespace flashrna {

// kFast rounds P to 11 bits. kStrict keeps 22 bits and sums points per tile, at up to twice the time.
enum class FusedPrecision { kFast, kStrict };

}  // namespace flashrna
