// Records work into a CUDA graph and replays it, as the sampler does with a step.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace flashrna {

// Records `work` on a stream of LibTorch, replays it `times` times, and synchronizes. Only in builds with CUDA. Throws
// std::runtime_error with CUDA's message.
void record_and_replay(at::Device device, const std::function<void()>& work, const std::function<void()>& before_replay,
                       int times);

}  // namespace flashrna
