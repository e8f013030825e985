// LibTorch's CUDA backend, loaded only if there is a GPU.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "kernels/cuda_launch.h"

namespace flashrna {

// Why this program can use no CUDA device, and what to do: no driver, a driver older than the CUDA runtime, a build
// without CUDA. "" if there is nothing in the way. Does not load LibTorch's CUDA library.
const std::string& why_no_cuda();

// Number of CUDA devices, 0 where why_no_cuda() has a reason. On a machine with an NVIDIA driver the first call loads
// LibTorch's CUDA library, which registers the backend, and calls set_cuda_precision(). It must come before any other
// use of a CUDA device. Throws c10::Error if the library exists and cannot be loaded.
int count_cuda_devices();

// Settings of LibTorch's Context for all devices: f32 products and convolutions keep full f32 precision (no TF32), and
// scaled_dot_product_attention() does not use cuDNN kernels.
void set_cuda_precision();

// Describes LibTorch's settings for CUDA devices: "f32 products without TF32, no cuDNN attention".
std::string cuda_precision_text();

// A warning if NVIDIA_TF32_OVERRIDE is set to anything but 0, which makes cuBLAS use TF32 whatever LibTorch's settings
// are. Empty otherwise.
std::string tf32_override_warning();

// Makes a CUDA device the current one of the calling thread, the default for devices without an index. Requires that
// count_cuda_devices() has been called.
void make_current(at::Device device);

// The current stream of LibTorch for this thread on `device`, which is a CUDA device.
CudaStream current_cuda_stream(at::Device device);

}  // namespace flashrna
