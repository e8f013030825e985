// Tensors of the stand-in's devices as tensors of the CPU, and back.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna::stand_in {

// The same memory as a CPU tensor. Other tensors are returned as they are.
at::Tensor on_host(const at::Tensor& tensor);

// A copy on the current device.
at::Tensor on_device(const at::Tensor& cpu);

}  // namespace flashrna::stand_in
