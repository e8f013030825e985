// Memory usage: of the process, of tensors on the CPU, of a GPU.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <exception>
#include <memory>

namespace flashrna {

// Current resident bytes of this process, and their maximum since the last reset; -1 if the system does not report
// them.
std::int64_t resident_bytes();
std::int64_t peak_resident_bytes();
// Resets the maximum to the current value. Returns false if the system does not support it.
bool reset_peak_resident();

// Bytes allocated on a GPU by LibTorch's allocator, -1 with LibTorch 2.8, which does not report them; resident_bytes()
// for the CPU.
std::int64_t allocated_bytes(at::Device device);

// Whether the error reports a failed allocation, on any device.
bool is_out_of_memory(const std::exception& error);

// Records the tensors that this thread allocates on `device` during its lifetime.
class AllocationRecorder {
 public:
  explicit AllocationRecorder(at::Device device);
  ~AllocationRecorder();

  std::int64_t peak_bytes() const;     // in excess of the memory at construction; -1 as above
  std::int64_t largest_bytes() const;  // of one tensor; -1 on a GPU, whose allocator does not report it

 private:
  class Report;

  at::Device device_;
  std::int64_t at_start_ = 0;
  std::shared_ptr<Report> report_;
  std::unique_ptr<c10::DebugInfoGuard> guard_;
};

}  // namespace flashrna
