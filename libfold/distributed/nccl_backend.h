// The part of c10d that links LibTorch's CUDA library: a shared object of its own (libflashrna_nccl.so), because the
// program loads that library only where there is a GPU (kernels/cuda_backend.h).
#pragma once

#include <chrono>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace flashrna {

inline constexpr const char* kNcclObject = "libflashrna_nccl.so";
inline constexpr const char* kOpenNccl = "flashrna_open_nccl";

// The type of its one function. Opens NCCL for process `rank` of `size`, which all call it. Waiting for an operation
// ends with an exception after `timeout`, or when another process is lost. Throws c10::Error.
using OpenNccl = void (*)(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                          std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Backend>& backend);

}  // namespace flashrna
