// Overlaps of atoms, and steps that move residues apart, on a GPU: one warp per residue.
#include "kernels/steric_overlap/steric_move_row.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

struct Row {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const StericRows<T>& a, std::int64_t item, T* scratch) const {
    steric_row(lanes, a, item, scratch);
  }
};

struct MoveRow {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const StericMoveRows<T>& a, std::int64_t item, T* scratch) const {
    steric_move_row(lanes, a, item, scratch);
  }
};

}  // namespace

template <typename T>
void steric_rows_cuda(const StericRows<T>& a, const CudaStream& stream) {
  launch_warp_rows<Row, T>("steric_overlap", a, a.B * a.L, steric_scratch(a.A, a.k), stream);
}

template void steric_rows_cuda(const StericRows<float>&, const CudaStream&);
template void steric_rows_cuda(const StericRows<double>&, const CudaStream&);

template <typename T>
void steric_move_rows_cuda(const StericMoveRows<T>& a, const CudaStream& stream) {
  const StericRows<T>& overlap = a.overlap;
  launch_warp_rows<MoveRow, T>("steric move", a, overlap.B * overlap.L, steric_move_scratch(overlap), stream);
}

template void steric_move_rows_cuda(const StericMoveRows<float>&, const CudaStream&);
template void steric_move_rows_cuda(const StericMoveRows<double>&, const CudaStream&);

}  // namespace flashrna
