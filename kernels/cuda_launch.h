// The interface between C++ sources, which use tensors, and .cu sources, which use raw pointers and a CudaStream. No
// torch here, and no CUDA header unless nvcc compiles it.
#pragma once

#ifdef __CUDACC__
#include <cuda_runtime.h>

#include <stdexcept>
#include <string>
#endif

namespace flashrna {

// The device and stream on which a kernel runs. `handle` is a cudaStream_t (nullptr: the device's default stream).
struct CudaStream {
  int device = 0;
  void* handle = nullptr;
};

#ifdef __CUDACC__

// Throws std::runtime_error "OPERATION: CUDA's error message".
inline void check_cuda(cudaError_t status, const char* operation) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // clears the error, which the next launch would report otherwise
  throw std::runtime_error(std::string(operation) + ": " + cudaGetErrorString(status));
}

// Makes the stream's device the current one during its lifetime. Our CUDA runtime is separate from LibTorch's, so it is
// always set.
class ScopedCudaDevice {
 public:
  explicit ScopedCudaDevice(int device) {
    check_cuda(cudaGetDevice(&previous_), "cudaGetDevice");
    check_cuda(cudaSetDevice(device), "cudaSetDevice");
  }
  ~ScopedCudaDevice() { cudaSetDevice(previous_); }
  ScopedCudaDevice(const ScopedCudaDevice&) = delete;
  ScopedCudaDevice& operator=(const ScopedCudaDevice&) = delete;

 private:
  int previous_ = 0;
};

// launch_kernel(stream, "flash_ipa forward", kernel, grid, block, shared_bytes, arguments...) launches a kernel and
// checks for launch errors. Errors of the running kernel appear at the next synchronization. Opts in to more
// than 48 kB of shared memory if needed.
template <typename... Parameters, typename... Arguments>
void launch_kernel(const CudaStream& stream, const char* operation, void (*kernel)(Parameters...), dim3 grid,
                   dim3 block, std::size_t shared_bytes, Arguments&&... arguments) {
  const ScopedCudaDevice device(stream.device);
  if (shared_bytes > 48 * 1024) {
    check_cuda(
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
        operation);
  }
  kernel<<<grid, block, shared_bytes, static_cast<cudaStream_t>(stream.handle)>>>(
      static_cast<Parameters>(arguments)...);
  check_cuda(cudaGetLastError(), operation);
}

#endif

}  // namespace flashrna
