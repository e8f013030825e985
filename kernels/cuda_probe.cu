#include "kernels/cuda_probe.h"

namespace flashrna {
namespace {

__global__ void write_architecture(int* architecture) {
#ifdef __CUDA_ARCH__
  *architecture = __CUDA_ARCH__ / 10;
#endif
}

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  check_cuda(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
  return value;
}

}  // namespace

CudaDevice describe_cuda_device(int device) {
  cudaDeviceProp properties;
  check_cuda(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  CudaDevice description;
  description.name = properties.name;
  description.capability = 10 * properties.major + properties.minor;
  description.multiprocessors = properties.multiProcessorCount;
  description.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  description.shared_bytes_per_block = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  check_cuda(cudaDriverGetVersion(&description.driver_version), "cudaDriverGetVersion");
  description.runtime_version = cuda_runtime_version();
  return description;
}

int cuda_runtime_version() { return CUDART_VERSION; }

int probe_cuda_architecture(const CudaStream& stream) {
  const ScopedCudaDevice device(stream.device);
  const auto handle = static_cast<cudaStream_t>(stream.handle);
  int* on_device = nullptr;
  check_cuda(cudaMalloc(&on_device, sizeof(int)), "cudaMalloc");
  int architecture = 0;
  try {
    launch_kernel(stream, "probe of the device", write_architecture, 1, 1, 0, on_device);
    check_cuda(cudaMemcpyAsync(&architecture, on_device, sizeof(int), cudaMemcpyDeviceToHost, handle),
               "cudaMemcpyAsync");
    check_cuda(cudaStreamSynchronize(handle), "probe of the device");
  } catch (...) {
    cudaFree(on_device);
    throw;
  }
  check_cuda(cudaFree(on_device), "cudaFree");
  return architecture;
}

bool is_capturing(const CudaStream& stream) {
  const ScopedCudaDevice device(stream.device);
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check_cuda(cudaStreamIsCapturing(static_cast<cudaStream_t>(stream.handle), &status), "cudaStreamIsCapturing");
  return status != cudaStreamCaptureStatusNone;
}

}  // namespace flashrna
