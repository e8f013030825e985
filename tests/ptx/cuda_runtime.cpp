// Stands in for the CUDA runtime: the functions that our launch code calls, on the device that runs PTX. Everything is
// synchronous.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/ptx/device.h"

namespace {

using flashrna::ptx::Device;

struct Configuration {
  dim3 grid, block;
  std::size_t shared_bytes;
  void* stream;
};

struct Registered {
  std::string name;
  int most_shared_bytes = 48 * 1024;  // without the attribute
};

// By the address of the function on the host. Kernels register before main().
std::map<const void*, Registered>& registered() {
  static std::map<const void*, Registered> functions;
  return functions;
}
std::vector<Configuration> configurations;
cudaError_t last_error = cudaSuccess;

bool fits(dim3 grid, dim3 block) {
  const unsigned threads = block.x * block.y * block.z;
  return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffff && grid.y <= 65535 && grid.z <= 65535 &&
         threads > 0 && threads <= 1024 && block.z <= 64;
}

// The list of the modules of all kernels.
void load_modules_once() {
  static const bool loaded = [] {
    std::ifstream list(FLASHRNA_PTX_LIST);
    for (std::string path; std::getline(list, path);)
      if (!path.empty()) Device::get().load_module_file(path);
    return true;
  }();
  static_cast<void>(loaded);
}

cudaError_t launch(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t shared_bytes) {
  const auto found = registered().find(function);
  if (found == registered().end()) return last_error = cudaErrorInvalidDeviceFunction;
  if (!fits(grid, block)) return last_error = cudaErrorInvalidConfiguration;
  if (shared_bytes > static_cast<std::size_t>(found->second.most_shared_bytes))
    return last_error = cudaErrorInvalidValue;
  load_modules_once();
  Device::get().launch(found->second.name, {grid.x, grid.y, grid.z}, {block.x, block.y, block.z}, shared_bytes,
                       arguments);
  return cudaSuccess;
}

cudaError_t copy(void* to, const void* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
  Device::get().memory.mark_written(to, bytes);
  return cudaSuccess;
}

}  // namespace

extern "C" {

// What nvcc's host code calls.
void** __cudaRegisterFatBinary(void*);
void __cudaRegisterFatBinaryEnd(void**);
void __cudaUnregisterFatBinary(void**);
void __cudaRegisterFunction(void**, const char*, char*, const char*, int, uint3*, uint3*, dim3*, dim3*, int*);
unsigned __cudaPushCallConfiguration(dim3, dim3, size_t, struct CUstream_st*);
cudaError_t __cudaPopCallConfiguration(dim3*, dim3*, size_t*, void*);
cudaError_t __cudaGetKernel(cudaKernel_t*, const void*);
cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, size_t, cudaStream_t);

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* host_function, char*, const char* name, int, uint3*, uint3*, dim3*,
                            dim3*, int*) {
  registered()[host_function].name = flashrna::ptx::canonical_name(name);
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, struct CUstream_st* stream) {
  configurations.push_back({grid, block, shared_bytes, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared_bytes, void* stream) {
  const Configuration top = configurations.back();
  configurations.pop_back();
  *grid = top.grid;
  *block = top.block;
  *shared_bytes = top.shared_bytes;
  *static_cast<void**>(stream) = top.stream;
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, size_t shared_bytes,
                               cudaStream_t) {
  return launch(kernel, grid, block, arguments, shared_bytes);
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return last_error = cudaErrorInvalidValue;
  if (value > Device::get().properties.shared_bytes) return last_error = cudaErrorInvalidValue;
  registered()[function].most_shared_bytes = value;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : last_error = cudaErrorInvalidDevice; }
cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    default:
      return "another error";
  }
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  if (attribute != cudaDevAttrMaxSharedMemoryPerBlockOptin) return last_error = cudaErrorInvalidValue;
  *value = Device::get().properties.shared_bytes;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  const flashrna::ptx::DeviceProperties& device = Device::get().properties;
  std::snprintf(properties->name, sizeof(properties->name), "PTX interpreter");
  properties->major = device.capability / 10;
  properties->minor = device.capability % 10;
  properties->multiProcessorCount = device.multiprocessors;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** address, size_t bytes) {
  *address = Device::get().memory.allocate(bytes);
  return cudaSuccess;
}
cudaError_t cudaFree(void* address) {
  Device::get().memory.free(address);
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) { return copy(to, from, bytes); }
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  return copy(to, from, bytes);
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  std::memset(to, value, bytes);
  Device::get().memory.mark_written(to, bytes);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

}  // extern "C"
