#include "tests/ptx/device_memory.h"

#include <algorithm>
#include <cstring>

namespace flashrna::ptx {

void* DeviceMemory::allocate(std::size_t bytes) {
  constexpr std::size_t kAlign = 256;
  Allocation allocation{bytes, std::make_unique<std::byte[]>(bytes + kAlign), std::vector<std::uint8_t>(bytes),
                        std::vector<std::atomic<std::uint64_t>>(bytes / kCell + 1)};
  void* begin = allocation.storage.get();
  std::memset(begin, 0xff, bytes + kAlign);
  std::size_t space = bytes + kAlign;
  std::align(kAlign, bytes, begin, space);
  allocations_.emplace(reinterpret_cast<std::uintptr_t>(begin), std::move(allocation));
  return begin;
}

void DeviceMemory::free(void* address) { allocations_.erase(reinterpret_cast<std::uintptr_t>(address)); }

DeviceMemory::Allocation* DeviceMemory::find(std::uintptr_t address, std::size_t bytes, std::uintptr_t& begin) {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return nullptr;
  --after;
  begin = after->first;
  return address + bytes <= begin + after->second.bytes ? &after->second : nullptr;
}

void DeviceMemory::mark_written(const void* address, std::size_t bytes) {
  std::uintptr_t begin = 0;
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (Allocation* allocation = find(at, bytes, begin))
    std::fill_n(allocation->initialized.begin() + static_cast<std::ptrdiff_t>(at - begin), bytes, 1);
}

bool DeviceMemory::written_by_another_block(const Allocation& allocation, std::size_t first, std::size_t last,
                                            std::uint32_t block) const {
  for (std::size_t cell = first / kCell; cell <= last / kCell; ++cell) {
    const std::uint64_t write = allocation.last_write[cell].load(std::memory_order_relaxed);
    if (write >> 32 == launch_ && write != epoch(block)) return true;
  }
  return false;
}

DeviceMemory::Problem DeviceMemory::check_read(std::uintptr_t address, std::size_t bytes, std::size_t align,
                                               std::uint32_t block) {
  if (address % align != 0) return Problem::kMisaligned;
  std::uintptr_t begin = 0;
  const Allocation* allocation = find(address, bytes, begin);
  if (allocation == nullptr) return Problem::kOutside;
  const std::size_t at = address - begin;
  for (std::size_t i = 0; i < bytes; ++i)
    if (allocation->initialized[at + i] == 0) return Problem::kUninitialized;
  return written_by_another_block(*allocation, at, at + bytes - 1, block) ? Problem::kOtherBlock : Problem::kNone;
}

DeviceMemory::Problem DeviceMemory::check_write(std::uintptr_t address, std::size_t bytes, std::size_t align,
                                                std::uint32_t block) {
  if (address % align != 0) return Problem::kMisaligned;
  std::uintptr_t begin = 0;
  Allocation* allocation = find(address, bytes, begin);
  if (allocation == nullptr) return Problem::kOutside;
  const std::size_t at = address - begin;
  const bool conflict = written_by_another_block(*allocation, at, at + bytes - 1, block);
  std::fill_n(allocation->initialized.begin() + static_cast<std::ptrdiff_t>(at), bytes, 1);
  for (std::size_t cell = at / kCell; cell <= (at + bytes - 1) / kCell; ++cell)
    allocation->last_write[cell].store(epoch(block), std::memory_order_relaxed);
  return conflict ? Problem::kOtherBlock : Problem::kNone;
}

DeviceMemory::Problem DeviceMemory::check_atomic(std::uintptr_t address, std::size_t bytes) {
  if (address % bytes != 0) return Problem::kMisaligned;
  std::uintptr_t begin = 0;
  const Allocation* allocation = find(address, bytes, begin);
  if (allocation == nullptr) return Problem::kOutside;
  const std::size_t at = address - begin;
  for (std::size_t i = 0; i < bytes; ++i)
    if (allocation->initialized[at + i] == 0) return Problem::kUninitialized;
  return Problem::kNone;
}

const char* describe(DeviceMemory::Problem problem) {
  switch (problem) {
    case DeviceMemory::Problem::kNone:
      return "is right";
    case DeviceMemory::Problem::kOutside:
      return "accesses device memory outside of all allocations";
    case DeviceMemory::Problem::kMisaligned:
      return "accesses device memory at an address that is not a multiple of its size";
    case DeviceMemory::Problem::kUninitialized:
      return "reads device memory that nothing has written";
    case DeviceMemory::Problem::kOtherBlock:
      return "accesses device memory that another block of the launch writes";
  }
  return "";
}

}  // namespace flashrna::ptx
