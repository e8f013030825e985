// Properties of a CUDA device, and a test that our kernels run on it.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/cuda_launch.h"

namespace flashrna {

struct CudaDevice {
  std::string name;
  int capability = 0;  // 10 major + minor: 80, 90
  int multiprocessors = 0;
  std::int64_t memory_bytes = 0;
  int shared_bytes_per_block = 0;               // largest amount that a kernel can request
  int driver_version = 0, runtime_version = 0;  // 1000 major + 10 minor: 13000
};

// Throws std::runtime_error with the CUDA error message if there is no such device.
CudaDevice describe_cuda_device(int device);

// Version of the CUDA runtime in this program, 1000 major + 10 minor: 13000.
int cuda_runtime_version();

// The architecture for which the code was compiled that runs on this device and stream, 80, 90, 100 or 120, as a kernel
// itself reports it. Throws std::runtime_error if no kernel can be launched.
int probe_cuda_architecture(const CudaStream& stream);

// Whether the stream is being captured into a CUDA graph. The host must not synchronize with it then.
bool is_capturing(const CudaStream& stream);

// The minimum capability for which our kernels are compiled.
inline constexpr int kLeastCapability = 80;

}  // namespace flashrna
