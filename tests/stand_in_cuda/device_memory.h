// Memory of the stand-in's devices: pages mapped twice, once without access at the addresses that tensors show, once
// readable for the operations.
#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna::stand_in {

class DeviceMemory : public c10::DeviceAllocator {
 public:
  DeviceMemory();

  // On the current device of the thread.
  c10::DataPtr allocate(std::size_t bytes) override;
  void copy_data(void* to, const void* from, std::size_t bytes) const override;
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) override;
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex device) override;

  bool owns(const void* pointer) const;
  void* host(const void* device_pointer) const;
  void limit(std::int64_t bytes);

  // What is allocated in between belongs to a graph and is never used for anything else. At the end it holds NaN, and
  // other memory what it held at the beginning: recording computes nothing.
  void begin_recording();
  void end_recording();

 private:
  struct Block {
    std::size_t bytes;
    c10::DeviceIndex device;
    bool of_graph;
  };

  void release(void* pointer);
  void mark_unwritten(char* block, std::size_t bytes) const;

  char *readable_, *shown_;
  mutable std::mutex mutex_;
  std::map<char*, Block> blocks_;               // in use
  std::multimap<std::size_t, char*> released_;  // by size
  std::size_t top_ = 0;                         // bytes that were ever used
  std::int64_t limit_;
  bool recording_ = false;
  std::map<char*, std::string> before_recording_;                   // contents of the blocks
  std::vector<std::pair<char*, std::size_t>> allocated_recording_;  // blocks and their sizes
  std::array<c10::CachingDeviceAllocator::DeviceStats, kDevices> stats_;
};

// Never destroyed: tensors of static variables outlive everything.
DeviceMemory& device_memory();

// The current device of the calling thread.
c10::DeviceIndex& current_device();

}  // namespace flashrna::stand_in
