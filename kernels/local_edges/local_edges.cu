// The messages and votes of sparse edges on a GPU: one warp per residue.
#include "kernels/local_edges/local_edges_gpu_rows_backward.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

template <typename T, typename Extra>
struct RowArguments {
  EdgeRows<T> rows;
  Extra extra;
};

template <EdgeRowKind kKind>
struct ForwardRow {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const RowArguments<T, EdgeRowOutputs<T>>& a, std::int64_t item,
                             T* scratch) const {
    if constexpr (kKind == EdgeRowKind::kMessages) {
      edge_messages_row(lanes, a.rows, a.extra, item, scratch);
    } else {
      edge_votes_row(lanes, a.rows, a.extra, item, scratch);
    }
  }
};

template <EdgeRowKind kKind>
struct BackwardRow {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const RowArguments<T, EdgeRowGradients<T>>& a, std::int64_t item,
                             T* scratch) const {
    if constexpr (kKind == EdgeRowKind::kMessages) {
      edge_messages_row_backward(lanes, a.rows, a.extra, item, scratch);
    } else {
      edge_votes_row_backward(lanes, a.rows, a.extra, item, scratch);
    }
  }
};

}  // namespace

template <typename T>
void edge_rows_cuda(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowOutputs<T>& outputs,
                    const CudaStream& stream) {
  const RowArguments<T, EdgeRowOutputs<T>> arguments{rows, outputs};
  const std::int64_t count = rows.B * rows.L, scratch = EdgeScratch<T>::size(rows.E, rows.H, false);
  if (kind == EdgeRowKind::kMessages)
    launch_warp_rows<ForwardRow<EdgeRowKind::kMessages>, T>("edge_messages", arguments, count, scratch, stream);
  else
    launch_warp_rows<ForwardRow<EdgeRowKind::kVotes>, T>("edge_votes", arguments, count, scratch, stream);
}

template <typename T>
void edge_rows_backward_cuda(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowGradients<T>& gradients,
                             const CudaStream& stream) {
  const RowArguments<T, EdgeRowGradients<T>> arguments{rows, gradients};
  const std::int64_t count = rows.B * rows.L, scratch = EdgeScratch<T>::size(rows.E, rows.H, true);
  if (kind == EdgeRowKind::kMessages)
    launch_warp_rows<BackwardRow<EdgeRowKind::kMessages>, T>("edge_messages backward", arguments, count, scratch,
                                                             stream);
  else
    launch_warp_rows<BackwardRow<EdgeRowKind::kVotes>, T>("edge_votes backward", arguments, count, scratch, stream);
}

template void edge_rows_cuda(EdgeRowKind, const EdgeRows<float>&, const EdgeRowOutputs<float>&, const CudaStream&);
template void edge_rows_cuda(EdgeRowKind, const EdgeRows<double>&, const EdgeRowOutputs<double>&, const CudaStream&);
template void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<float>&, const EdgeRowGradients<float>&,
                                      const CudaStream&);
template void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<double>&, const EdgeRowGradients<double>&,
                                      const CudaStream&);

}  // namespace flashrna
