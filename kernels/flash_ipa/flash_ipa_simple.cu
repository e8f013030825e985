// The simple backend on a GPU: one warp per row.
#include "kernels/flash_ipa/flash_ipa_simple_rows.h"
#include "kernels/warp_rows.h"

namespace flashrna {
namespace {

struct ForwardRow {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const SimpleForward<T>& a, std::int64_t item, T* scratch) const {
    forward_row(lanes, a, item, scratch);
  }
};

struct BackwardQueryRow {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const SimpleBackward<T>& a, std::int64_t item, T* scratch) const {
    backward_query_row(lanes, a, item, scratch);
  }
};

struct BackwardKeyRow {
  template <typename T>
  __device__ void operator()(const WarpLanes& lanes, const SimpleBackward<T>& a, std::int64_t item, T* scratch) const {
    backward_key_row(lanes, a, item, scratch);
  }
};

}  // namespace

template <typename T>
void simple_forward_cuda(const SimpleForward<T>& arguments, const CudaStream& stream) {
  const SimpleSizes& n = arguments.sizes;
  launch_warp_rows<ForwardRow, T>("flash_ipa simple forward", arguments, n.B * n.H * n.L, simple_scratch_size(n),
                                  stream);
}

template <typename T>
void simple_backward_cuda(const SimpleBackward<T>& arguments, const CudaStream& stream) {
  const SimpleSizes& n = arguments.sizes;
  const std::int64_t rows = n.B * n.H * n.L, scratch = simple_scratch_size(n);
  launch_warp_rows<BackwardQueryRow, T>("flash_ipa simple backward of queries", arguments, rows, scratch, stream);
  launch_warp_rows<BackwardKeyRow, T>("flash_ipa simple backward of keys", arguments, rows, scratch, stream);
}

template void simple_forward_cuda(const SimpleForward<float>&, const CudaStream&);
template void simple_forward_cuda(const SimpleForward<double>&, const CudaStream&);
template void simple_backward_cuda(const SimpleBackward<float>&, const CudaStream&);
template void simple_backward_cuda(const SimpleBackward<double>&, const CudaStream&);

}  // namespace flashrna
