// LibTorch's CUDA backend, loaded only where there is a GPU.
#pragma once

namespace flashrna {

// Number of CUDA devices, 0 in a build without CUDA. At the first call on a machine with an NVIDIA driver it loads
// LibTorch's CUDA library, which registers the backend; every use of a CUDA device must come after that.
// Throws c10::Error if the library is there and cannot be loaded.
int count_cuda_devices();

}  // namespace flashrna
