// How much memory a computation takes: of the process, of tensors on the CPU, of a GPU.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <exception>
#include <memory>

namespace flashrna {

// Bytes of this process in memory now, and at most since the last reset; -1 where the system does not tell.
std::int64_t resident_bytes();
std::int64_t peak_resident_bytes();
// Makes the present the peak. False where the system cannot.
bool reset_peak_resident();

// Bytes a GPU's allocator has handed out; resident_bytes() for the CPU.
std::int64_t allocated_bytes(at::Device device);

// Whether that is what an allocation said which failed, on any device.
bool is_out_of_memory(const std::exception& error);

// Follows the tensors that this thread allocates on `device` while it lives.
class AllocationRecorder {
 public:
  explicit AllocationRecorder(at::Device device);
  ~AllocationRecorder();

  std::int64_t peak_bytes() const;     // beyond what there was at the beginning
  std::int64_t largest_bytes() const;  // of one tensor; -1 on a GPU, whose allocator does not tell

 private:
  class Report;

  at::Device device_;
  std::int64_t at_start_ = 0;
  std::shared_ptr<Report> report_;
  std::unique_ptr<c10::DebugInfoGuard> guard_;
};

}  // namespace flashrna
