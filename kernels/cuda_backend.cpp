#include "kernels/cuda_backend.h"

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

namespace flashrna {

// The library and what it links are 3 GB and cost every start of the program most of a second; without a driver they
// could do nothing. So it is not linked but loaded, and the driver decides.
int count_cuda_devices() {
  if (!FLASHRNA_WITH_CUDA || dlopen("libcuda.so.1", RTLD_LAZY) == nullptr) return 0;
  static const bool loaded = [] {
    const bool found = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
    TORCH_CHECK(found, "LibTorch's CUDA library cannot be loaded: ", dlerror(), "; use --device cpu");
    return found;
  }();
  return loaded ? static_cast<int>(at::getNumGPUs()) : 0;
}

// By the interface that the loaded library has registered; c10_cuda's own function would have to be linked.
CudaStream current_cuda_stream(at::Device device) {
  const c10::impl::VirtualGuardImpl cuda(device.type());
  if (!device.has_index()) device = cuda.getDevice();
  return {device.index(), cuda.getStreamNativeHandle(cuda.getStream(device))};
}

}  // namespace flashrna
