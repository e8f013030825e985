// LibTorch's CUDA backend, loaded only where there is a GPU.
#pragma once

#include <c10/core/Device.h>

#include "kernels/cuda_launch.h"

namespace flashrna {

// Number of CUDA devices, 0 in a build without CUDA. At the first call on a machine with an NVIDIA driver it loads
// LibTorch's CUDA library, which registers the backend; every use of a CUDA device must come after that.
// Throws c10::Error if the library is there and cannot be loaded.
int count_cuda_devices();

// The stream on which LibTorch's operations of this thread run now on `device`, a CUDA one.
CudaStream current_cuda_stream(at::Device device);

}  // namespace flashrna
