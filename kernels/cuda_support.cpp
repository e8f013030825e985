#include "kernels/cuda_support.h"

#include <dlfcn.h>

#include <cstdlib>

#include "kernels/cuda_probe.h"

namespace flashrna {
namespace {

template <typename Function>
Function* driver_function(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

// The first driver of each major version of CUDA (NVIDIA's table of minor version compatibility).
const char* first_driver_of(int major) {
  switch (major) {
    case 12:
      return "525";
    case 13:
      return "580";
    default:
      return nullptr;
  }
}

}  // namespace

CudaDriver probe_cuda_driver() {
  CudaDriver driver;
  void* library = dlopen("libcuda.so.1", RTLD_LAZY);
  if (library == nullptr) return driver;
  driver.found = true;
  if (auto* get_version = driver_function<int(int*)>(library, "cuDriverGetVersion")) get_version(&driver.version);
  auto* initialize = driver_function<int(unsigned)>(library, "cuInit");
  const int status = initialize ? initialize(0) : 0;
  if (status == 0) return driver;
  const char* text = nullptr;
  if (auto* describe = driver_function<int(int, const char**)>(library, "cuGetErrorString")) describe(status, &text);
  driver.failure = text ? text : "error " + std::to_string(status);
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"))
    driver.failure += " (CUDA_VISIBLE_DEVICES=" + std::string(visible) + ")";
  return driver;
}

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string driver_problem(const CudaDriver& driver, int runtime_version) {
  if (!driver.found) return "there is no NVIDIA driver (libcuda.so.1 cannot be loaded)";
  const int major = runtime_version / 1000;
  if (driver.version > 0 && driver.version / 1000 < major) {
    std::string text = "the driver is for CUDA " + cuda_version_text(driver.version) + ", this build needs " +
                       std::to_string(major) + ".0";
    if (const char* first = first_driver_of(major)) text += " (driver " + std::string(first) + " or newer)";
    text += "; update the driver";
    if (driver.version / 1000 == 12) text += ", or build with an nvcc of CUDA 12.4 to 12.9";
    return text;
  }
  if (!driver.failure.empty()) return "the NVIDIA driver cannot be initialized: " + driver.failure;
  return "";
}

std::string capability_problem(const std::string& device, int capability) {
  if (capability >= kLeastCapability) return "";
  return device + " has capability " + std::to_string(capability / 10) + "." + std::to_string(capability % 10) +
         ", flashrna needs 8.0 or newer (A100, RTX 30 and later)";
}

}  // namespace flashrna
