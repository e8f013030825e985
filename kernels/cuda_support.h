// Whether a machine's NVIDIA driver and devices can run this build, and if not, why, in words for the user.
#pragma once

#include <string>

namespace flashrna {

// What the driver's library says of itself, without LibTorch.
struct CudaDriver {
  bool found = false;   // libcuda.so.1 can be loaded
  int version = 0;      // newest CUDA that it supports, 1000 major + 10 minor: 12040; 0 = unknown
  std::string failure;  // its message if it cannot be initialized; "" if it can
};

// Loads the driver's library and initializes it.
CudaDriver probe_cuda_driver();

// 12040 -> "12.4".
std::string cuda_version_text(int version);

// Why this driver cannot run a program of the CUDA runtime `runtime_version`, and what to do; "" if it can. Any driver
// of the runtime's major version can.
std::string driver_problem(const CudaDriver& driver, int runtime_version);

// Why a device of this capability (10 major + minor) cannot run our kernels, and what to do; "" if it can. `device` is
// its name for the message: "cuda:0 (Tesla V100)".
std::string capability_problem(const std::string& device, int capability);

}  // namespace flashrna
