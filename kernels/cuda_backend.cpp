#include "kernels/cuda_backend.h"

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <cstdlib>
#include <string_view>

#include "kernels/cuda_probe.h"
#include "kernels/cuda_support.h"
#include "kernels/libtorch_compat.h"

namespace flashrna {

const std::string& why_no_cuda() {
  static const std::string reason = FLASHRNA_WITH_CUDA ? driver_problem(probe_cuda_driver(), cuda_runtime_version())
                                                       : "it was built without CUDA: configure with the preset cuda";
  return reason;
}

// The library and its dependencies are 3 GB and would add most of a second to every start of the program, even without
// a driver. So it is loaded at run time instead of linked, and only if there is a driver.
int count_cuda_devices() {
  if (!why_no_cuda().empty()) return 0;
  static const bool loaded = [] {
    const bool found = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
    TORCH_CHECK(found, "LibTorch's CUDA library cannot be loaded: ", dlerror(), "; use --device cpu");
    set_cuda_precision();
    return found;
  }();
  return loaded ? static_cast<int>(at::getNumGPUs()) : 0;
}

void set_cuda_precision() {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  context.setSDPUseCuDNN(false);
}

std::string cuda_precision_text() {
  const at::Context& context = at::globalContext();
  const bool tf32 = context.allowTF32CuBLAS() || context.allowTF32CuDNN();
  return std::string("f32 products ") + (tf32 ? "with" : "without") + " TF32, " +
         (context.userEnabledCuDNNSDP() ? "cuDNN attention allowed" : "no cuDNN attention");
}

std::string tf32_override_warning() {
  const char* value = std::getenv("NVIDIA_TF32_OVERRIDE");
  if (value == nullptr || std::string_view(value).empty() || std::string_view(value) == "0") return "";
  return std::string("NVIDIA_TF32_OVERRIDE=") + value +
         ": cuBLAS rounds the factors of f32 products to 11 bits on every GPU; unset it";
}

void make_current(at::Device device) { c10::impl::VirtualGuardImpl(device.type()).setDevice(device); }

namespace {

// The cudaStream_t of a stream. c10_cuda's own function is not linked.
void* native_handle(const c10::impl::VirtualGuardImpl& cuda, const c10::Stream& stream) {
#if FLASHRNA_LIBTORCH_AT_LEAST(2, 11)
  return cuda.getStreamNativeHandle(stream);
#else
  (void)cuda;
  // cudaStream_t c10::cuda::CUDAStream::stream() const; a CUDAStream is a c10::Stream and nothing else.
  using Member = void*(const c10::Stream*);
  static auto* const function = reinterpret_cast<Member*>(dlsym(RTLD_DEFAULT, "_ZNK3c104cuda10CUDAStream6streamEv"));
  TORCH_CHECK(function != nullptr, "this LibTorch ", TORCH_VERSION, " has no CUDAStream::stream(); use 2.8 to 2.11");
  return function(&stream);
#endif
}

}  // namespace

// Uses the interface that the loaded library has registered.
CudaStream current_cuda_stream(at::Device device) {
  const c10::impl::VirtualGuardImpl cuda(device.type());
  if (!device.has_index()) device = cuda.getDevice();
  return {device.index(), native_handle(cuda, cuda.getStream(device))};
}

}  // namespace flashrna
