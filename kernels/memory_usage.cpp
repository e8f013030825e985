#include "kernels/memory_usage.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <fstream>
#include <new>
#include <string>
#include <string_view>

#include "kernels/libtorch_compat.h"

namespace flashrna {
namespace {

// A line of /proc/self/status, "VmRSS:     1234 kB", in bytes.
std::int64_t process_status(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoll(line.substr(field.size())) * 1024;
  return -1;
}

struct GpuBytes {
  std::int64_t current = -1, peak = -1;
};

#if FLASHRNA_LIBTORCH_AT_LEAST(2, 9)
GpuBytes gpu_bytes(at::Device device) {
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(std::max<int>(device.index(), 0));
  const auto& total = stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
  return {total.current, total.peak};
}

void reset_gpu_peak(at::Device device) {
  c10::getDeviceAllocator(device.type())->resetPeakStats(std::max<int>(device.index(), 0));
}
#else
// LibTorch 2.8 has no interface to a device's allocator that can be called without linking c10_cuda.
GpuBytes gpu_bytes(at::Device) { return {}; }
void reset_gpu_peak(at::Device) {}
#endif

}  // namespace

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
      dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) {
    return true;
  }
  // Messages of the CPU allocator; of CUDA, under several names; and of its libraries, whose handles and workspaces are
  // allocated on the device.
  const std::string_view text = error.what();
  for (const char* failed : {"can't allocate memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
                             "CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate", "CUDNN_STATUS_ALLOC_FAILED",
                             "CUSOLVER_STATUS_ALLOC_FAILED"}) {
    if (text.find(failed) != std::string_view::npos) return true;
  }
  return false;
}

std::int64_t resident_bytes() { return process_status("VmRSS:"); }

std::int64_t peak_resident_bytes() { return process_status("VmHWM:"); }

bool reset_peak_resident() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return static_cast<bool>(file);
}

std::int64_t allocated_bytes(at::Device device) {
  return device.is_cpu() ? resident_bytes() : gpu_bytes(device).current;
}

// LibTorch's CPU allocator reports every allocation and deallocation to the profiler of the current thread.
class AllocationRecorder::Report : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t bytes, std::size_t, std::size_t, c10::Device device) override {
    if (!device.is_cpu()) return;
    current += bytes;
    peak = std::max(peak, current);
    largest = std::max(largest, bytes);
  }
  bool memoryProfilingEnabled() const override { return true; }

  std::int64_t current = 0, peak = 0, largest = 0;
};

AllocationRecorder::AllocationRecorder(at::Device device) : device_(device) {
  if (device_.is_cpu()) {
    report_ = std::make_shared<Report>();
    guard_ = std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, report_);
  } else {
    at_start_ = gpu_bytes(device_).current;
    reset_gpu_peak(device_);
  }
}

AllocationRecorder::~AllocationRecorder() = default;

std::int64_t AllocationRecorder::peak_bytes() const {
  if (report_) return report_->peak;
  const std::int64_t peak = gpu_bytes(device_).peak;
  return peak < 0 ? -1 : peak - at_start_;
}

std::int64_t AllocationRecorder::largest_bytes() const { return report_ ? report_->largest : -1; }

}  // namespace flashrna
