// Memory of the simulated device: allocations of host memory whose addresses kernels use. Every access is checked
// against the bounds and alignment, a read against what has been written, and an access of one block against the
// writes of the other blocks of the same launch.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace flashrna::ptx {

class DeviceMemory {
 public:
  enum class Problem { kNone, kOutside, kMisaligned, kUninitialized, kOtherBlock };

  // Aligned to 256 bytes; all bits set.
  void* allocate(std::size_t bytes);
  void free(void* address);
  // Writes of the host: the bytes count as initialized. The range may be outside of device memory.
  void mark_written(const void* address, std::size_t bytes);

  // Begins a launch: blocks of different launches are ordered.
  void begin_launch() { ++launch_; }

  // `block` is its number in the grid. An access of `align` bytes alignment.
  Problem check_read(std::uintptr_t address, std::size_t bytes, std::size_t align, std::uint32_t block);
  Problem check_write(std::uintptr_t address, std::size_t bytes, std::size_t align, std::uint32_t block);
  Problem check_atomic(std::uintptr_t address, std::size_t bytes);

 private:
  static constexpr std::size_t kCell = 4;  // bytes whose writer is remembered

  struct Allocation {
    std::size_t bytes;
    std::unique_ptr<std::byte[]> storage;
    std::vector<std::uint8_t> initialized;               // per byte
    std::vector<std::atomic<std::uint64_t>> last_write;  // per cell: launch, then block
  };

  Allocation* find(std::uintptr_t address, std::size_t bytes, std::uintptr_t& begin);
  std::uint64_t epoch(std::uint32_t block) const { return static_cast<std::uint64_t>(launch_) << 32 | block; }
  bool written_by_another_block(const Allocation& allocation, std::size_t first, std::size_t last,
                                std::uint32_t block) const;

  std::map<std::uintptr_t, Allocation> allocations_;
  std::uint32_t launch_ = 0;
};

// "reads device memory outside of all allocations", and so on.
const char* describe(DeviceMemory::Problem problem);

}  // namespace flashrna::ptx
