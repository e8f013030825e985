// LibTorch's CUDA backend, loaded only where there is a GPU.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "kernels/cuda_launch.h"

namespace flashrna {

// Number of CUDA devices, 0 in a build without CUDA. At the first call on a machine with an NVIDIA driver it loads
// LibTorch's CUDA library, which registers the backend, and makes these settings of its Context; every use of a CUDA
// device must come after that. Throws c10::Error if the library is there and cannot be loaded.
int count_cuda_devices();

// What count_cuda_devices() does to LibTorch's Context, of any device: f32 products and convolutions keep all of f32's
// bits (no TF32), and scaled_dot_product_attention() takes no cuDNN kernel.
void set_cuda_precision();

// LibTorch's settings in words, for a CUDA device: "f32 products without TF32, no cuDNN attention".
std::string cuda_precision_text();

// What NVIDIA_TF32_OVERRIDE does to that, if it is set to anything but 0: cuBLAS then takes TF32 whatever LibTorch
// says. Empty otherwise.
std::string tf32_override_warning();

// Makes a CUDA device the calling thread's current one: what names no index goes there. count_cuda_devices() has been
// called.
void make_current(at::Device device);

// The stream on which LibTorch's operations of this thread run now on `device`, a CUDA one.
CudaStream current_cuda_stream(at::Device device);

}  // namespace flashrna
