// A round of a relaxation on a GPU: one warp per residue.
#include "kernels/relaxation/relaxation_rows.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

template <RelaxationRowKind kKind>
struct Row {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const RelaxationRows<T>& a, std::int64_t item, T* scratch) const {
    relaxation_row(lanes, kKind, a, item, scratch);
  }
};

}  // namespace

template <typename T>
void relaxation_rows_cuda(RelaxationRowKind kind, const RelaxationRows<T>& a, const CudaStream& stream) {
  const std::int64_t rows = a.B * a.L, scratch = relaxation_scratch(a);
  if (kind == RelaxationRowKind::kPlace) {
    launch_warp_rows<Row<RelaxationRowKind::kPlace>, T>("placing of atoms", a, rows, scratch, stream);
  } else {
    launch_warp_rows<Row<RelaxationRowKind::kRound>, T>("round of relaxation", a, rows, scratch, stream);
  }
}

template void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<float>&, const CudaStream&);
template void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<double>&, const CudaStream&);

}  // namespace flashrna
