#include "kernels/steric_overlap/steric_overlap_row.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

struct Row {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const StericRows<T>& a, std::int64_t item, T* scratch) const {
    steric_row(lanes, a, item, scratch);
  }
};

}  // namespace

template <typename T>
void steric_rows_cuda(const StericRows<T>& arguments, const CudaStream& stream) {
  launch_warp_rows<Row, T>("steric_overlap", arguments, arguments.B * arguments.L, steric_scratch(arguments.A), stream);
}

template void steric_rows_cuda(const StericRows<float>&, const CudaStream&);
template void steric_rows_cuda(const StericRows<double>&, const CudaStream&);

}  // namespace flashrna
