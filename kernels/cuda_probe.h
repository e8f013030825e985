// What a CUDA device is, and that our kernels run on it.
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
  int shared_bytes_per_block = 0;               // the most that a kernel may ask for
  int driver_version = 0, runtime_version = 0;  // 1000 major + 10 minor: 13000
};

// Throws std::runtime_error with what CUDA says if there is no such device.
CudaDevice describe_cuda_device(int device);

// For which architecture the code was made that a kernel of ours runs as on this device and stream, 80 or 90: the
// kernel itself says. Throws std::runtime_error if none can be launched.
int probe_cuda_architecture(const CudaStream& stream);

// Whether what goes to the stream is being recorded into a CUDA graph. The host must not wait for it then.
bool is_capturing(const CudaStream& stream);

// The least capability for which our kernels are compiled.
inline constexpr int kLeastCapability = 80;

}  // namespace flashrna
