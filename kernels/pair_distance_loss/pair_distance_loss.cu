#include "kernels/pair_distance_loss/pair_distance_gpu_row.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

struct Row {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const PairDistanceRows<T>& a, std::int64_t item,
                             double* scratch) const {
    pair_distance_gpu_row(lanes, a, item, scratch);
  }
};

}  // namespace

template <typename T>
void pair_distance_rows_cuda(const PairDistanceRows<T>& arguments, const CudaStream& stream) {
  launch_warp_rows<Row, double>("pair_distance_loss", arguments, arguments.B * arguments.N, kPairDistanceScratch,
                                stream);
}

template void pair_distance_rows_cuda(const PairDistanceRows<float>&, const CudaStream&);
template void pair_distance_rows_cuda(const PairDistanceRows<double>&, const CudaStream&);

}  // namespace flashrna
