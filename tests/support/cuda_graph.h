// Work that is recorded into a CUDA graph once and run again, as a step of sampling is.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace flashrna {

// Records `work` on a stream of LibTorch's, runs what was recorded `times` times, and waits for it. Only in a build
// with CUDA. Throws std::runtime_error with what CUDA says.
void record_and_replay(at::Device device, const std::function<void()>& work, const std::function<void()>& before_replay,
                       int times);

}  // namespace flashrna
