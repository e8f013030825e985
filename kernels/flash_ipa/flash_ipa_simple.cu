// The simple backend on a GPU: a warp a row, several rows a block so that they share what they read in the L1 cache.
#include <algorithm>
#include <string>

#include "kernels/flash_ipa/flash_ipa_simple_rows.h"

namespace flashrna {
namespace {

constexpr int kMostRows = 8;  // of a block

extern __shared__ __align__(16) char shared_memory[];

// The row of this warp, if there is one: blocks go through the rows of a head, then the heads, then the sequences.
template <typename T>
struct WarpRow {
  std::int64_t b, h, row;
  bool real;
  T* scratch;

  __device__ __forceinline__ WarpRow(const SimpleSizes& n, const std::int64_t* lengths, std::int64_t scratch_size) {
    const int rows = blockDim.y;
    const std::int64_t blocks_of_head = (n.L + rows - 1) / rows, head = blockIdx.x / blocks_of_head;
    b = head / n.H;
    h = head % n.H;
    row = blockIdx.x % blocks_of_head * rows + threadIdx.y;
    real = row < lengths[b];
    scratch = reinterpret_cast<T*>(shared_memory) + threadIdx.y * scratch_size;
  }
};

template <typename T>
__global__ void simple_forward(SimpleForward<T> a, std::int64_t scratch_size) {
  const WarpRow<T> at(a.sizes, a.lengths, scratch_size);
  if (at.real) forward_row(WarpLanes{static_cast<int>(threadIdx.x)}, a, at.b, at.h, at.row, at.scratch);
}

template <typename T>
__global__ void simple_backward_queries(SimpleBackward<T> a, std::int64_t scratch_size) {
  const WarpRow<T> at(a.sizes, a.lengths, scratch_size);
  if (at.real) backward_query_row(WarpLanes{static_cast<int>(threadIdx.x)}, a, at.b, at.h, at.row, at.scratch);
}

template <typename T>
__global__ void simple_backward_keys(SimpleBackward<T> a, std::int64_t scratch_size) {
  const WarpRow<T> at(a.sizes, a.lengths, scratch_size);
  if (at.real) backward_key_row(WarpLanes{static_cast<int>(threadIdx.x)}, a, at.b, at.h, at.row, at.scratch);
}

template <typename T, typename Arguments>
void launch_rows(const char* operation, void (*kernel)(Arguments, std::int64_t), const Arguments& arguments,
                 const CudaStream& stream) {
  const SimpleSizes& n = arguments.sizes;
  if (n.B * n.H * n.L == 0) return;
  const std::int64_t scratch_size = simple_scratch_size(n), row_bytes = scratch_size * sizeof(T);
  int most_bytes = 0;
  check_cuda(cudaDeviceGetAttribute(&most_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, stream.device), operation);
  const int rows = static_cast<int>(std::min<std::int64_t>(kMostRows, most_bytes / row_bytes));
  if (rows == 0)
    throw std::runtime_error(std::string(operation) + ": rows of " + std::to_string(n.logit_columns) + " and " +
                             std::to_string(n.value_columns) + " columns need " + std::to_string(row_bytes) +
                             " bytes of shared memory, the device has " + std::to_string(most_bytes) +
                             "; use the lifted backend");
  const std::int64_t blocks = n.B * n.H * ((n.L + rows - 1) / rows);
  if (blocks > 0x7fffffff)
    throw std::runtime_error(std::string(operation) + ": " + std::to_string(blocks) + " blocks of rows are too many");
  launch_kernel(stream, operation, kernel, dim3(static_cast<unsigned>(blocks)), dim3(kLanes, rows), rows * row_bytes,
                arguments, scratch_size);
}

}  // namespace

template <typename T>
void simple_forward_cuda(const SimpleForward<T>& arguments, const CudaStream& stream) {
  launch_rows<T>("flash_ipa simple forward", simple_forward<T>, arguments, stream);
}

template <typename T>
void simple_backward_cuda(const SimpleBackward<T>& arguments, const CudaStream& stream) {
  launch_rows<T>("flash_ipa simple backward of queries", simple_backward_queries<T>, arguments, stream);
  launch_rows<T>("flash_ipa simple backward of keys", simple_backward_keys<T>, arguments, stream);
}

template void simple_forward_cuda(const SimpleForward<float>&, const CudaStream&);
template void simple_forward_cuda(const SimpleForward<double>&, const CudaStream&);
template void simple_backward_cuda(const SimpleBackward<float>&, const CudaStream&);
template void simple_backward_cuda(const SimpleBackward<double>&, const CudaStream&);

}  // namespace flashrna
