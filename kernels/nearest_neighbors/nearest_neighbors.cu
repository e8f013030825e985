#include "kernels/nearest_neighbors/nearest_neighbors_row.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

struct Row {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const NeighborRows<T>& a, std::int64_t item,
                             std::int64_t* scratch) const {
    neighbor_row(lanes, a, item, scratch);
  }
};

}  // namespace

template <typename T>
void nearest_neighbors_cuda(const NeighborRows<T>& arguments, const CudaStream& stream) {
  launch_warp_rows<Row, std::int64_t>("nearest_neighbors", arguments, arguments.B * arguments.L, kNeighborScratch,
                                      stream);
}

template void nearest_neighbors_cuda(const NeighborRows<float>&, const CudaStream&);
template void nearest_neighbors_cuda(const NeighborRows<double>&, const CudaStream&);

}  // namespace flashrna
