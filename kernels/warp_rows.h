// Runs a row function (kernels/lanes.h) for many rows on a GPU, one warp per row. For .cu sources.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "kernels/cuda_launch.h"
#include "kernels/lanes.h"

namespace flashrna {

inline constexpr int kMostWarps = 8;  // per block; adjacent rows share data in the L1 cache

extern __shared__ __align__(16) char warp_rows_scratch[];

template <typename Row, typename T, typename Arguments>
__global__ void run_warp_rows(Arguments arguments, std::int64_t rows, std::int64_t scratch_size) {
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (row >= rows) return;
  T* scratch = reinterpret_cast<T*>(warp_rows_scratch) + threadIdx.y * scratch_size;
  Row()(WarpLanes{static_cast<int>(threadIdx.x)}, arguments, row, scratch);
}

// Calls Row()(lanes, arguments, row, scratch) for every row of [0, rows). `scratch` has `scratch_size` elements of T.
// Throws std::runtime_error if the scratch does not fit into shared memory or CUDA reports an error.
template <typename Row, typename T, typename Arguments>
void launch_warp_rows(const char* operation, const Arguments& arguments, std::int64_t rows, std::int64_t scratch_size,
                      const CudaStream& stream) {
  if (rows == 0) return;
  const std::int64_t bytes = scratch_size * static_cast<std::int64_t>(sizeof(T));
  int most_bytes = 0;
  check_cuda(cudaDeviceGetAttribute(&most_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, stream.device), operation);
  const int warps = static_cast<int>(std::min<std::int64_t>(kMostWarps, most_bytes / bytes));
  if (warps == 0)
    throw std::runtime_error(std::string(operation) + ": a row needs " + std::to_string(bytes) +
                             " bytes of shared memory, the device has " + std::to_string(most_bytes) +
                             ": use fewer columns, or the CPU");
  const std::int64_t blocks = (rows + warps - 1) / warps;
  if (blocks > 0x7fffffff)
    throw std::runtime_error(std::string(operation) + ": more rows than a launch may have: make the batch smaller");
  launch_kernel(stream, operation, run_warp_rows<Row, T, Arguments>, dim3(static_cast<unsigned>(blocks)),
                dim3(kLanes, warps), warps * bytes, arguments, rows, scratch_size);
}

}  // namespace flashrna
