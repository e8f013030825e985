#include "tests/stand_in_cuda/device_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "tests/stand_in_cuda/counters.h"

namespace flashrna::stand_in {
namespace {

constexpr std::size_t kBytes = std::size_t{16} << 30;  // of addresses; pages take memory when they are used
constexpr std::size_t kAlignment = 512;                // as that of LibTorch's allocator

void* map_pages(int file, int access) {
  void* pages = mmap(nullptr, kBytes, access, MAP_SHARED, file, 0);
  TORCH_CHECK(pages != MAP_FAILED, "stand-in: mmap: ", std::strerror(errno));
  return pages;
}

std::int64_t limit_of_environment() {
  const char* bytes = std::getenv("STAND_IN_CUDA_BYTES");
  return bytes == nullptr ? std::numeric_limits<std::int64_t>::max() : std::atoll(bytes);
}

}  // namespace

DeviceMemory::DeviceMemory() : limit_(limit_of_environment()) {
  const int file = memfd_create("stand-in", 0);
  TORCH_CHECK(file >= 0 && ftruncate(file, kBytes) == 0, "stand-in: memfd_create: ", std::strerror(errno));
  readable_ = static_cast<char*>(map_pages(file, PROT_READ | PROT_WRITE));
  shown_ = static_cast<char*>(map_pages(file, PROT_NONE));
  close(file);
  c10::SetAllocator(c10::kCUDA, this, 1);
}

bool DeviceMemory::owns(const void* pointer) const {
  const char* address = static_cast<const char*>(pointer);
  return address >= shown_ && address < shown_ + kBytes;
}

void* DeviceMemory::host(const void* device_pointer) const {
  return readable_ + (static_cast<const char*>(device_pointer) - shown_);
}

// Every float of these bits is NaN.
void DeviceMemory::mark_unwritten(char* block, std::size_t bytes) const { std::memset(host(block), 0xff, bytes); }

c10::DataPtr DeviceMemory::allocate(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const c10::DeviceIndex index = current_device();
  const c10::Device device(c10::kCUDA, index);
  if (bytes == 0) return {nullptr, device};
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  auto& used = stats_[index].allocated_bytes[0];
  TORCH_CHECK_WITH(OutOfMemoryError, used.current + static_cast<std::int64_t>(rounded) <= limit_,
                   "CUDA out of memory. Tried to allocate ", rounded, " bytes. GPU ", static_cast<int>(index),
                   " has a total capacity of ", limit_, " bytes of which ", limit_ - used.current, " bytes is free.");
  char* block = nullptr;
  if (const auto found = released_.find(rounded); found != released_.end()) {
    block = found->second;
    released_.erase(found);
  } else {
    TORCH_CHECK(top_ + rounded <= kBytes, "stand-in: all ", kBytes, " bytes of addresses are used");
    block = shown_ + top_;
    top_ += rounded;
  }
  blocks_[block] = {rounded, index, recording_};
  if (recording_) allocated_recording_.emplace_back(block, rounded);
  ++counters().allocations;
  used.increase(rounded);
  mark_unwritten(block, rounded);
  return {block, block, [](void* pointer) { device_memory().release(pointer); }, device};
}

void DeviceMemory::release(void* pointer) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(static_cast<char*>(pointer));
  const auto [block, about] = *found;
  blocks_.erase(found);
  mark_unwritten(block, about.bytes);
  if (!about.of_graph) released_.emplace(about.bytes, block);
  stats_[about.device].allocated_bytes[0].decrease(about.bytes);
}

void DeviceMemory::copy_data(void* to, const void* from, std::size_t bytes) const {
  std::memcpy(host(to), host(from), bytes);
}

c10::CachingDeviceAllocator::DeviceStats DeviceMemory::getDeviceStats(c10::DeviceIndex device) {
  const std::lock_guard lock(mutex_);
  return stats_.at(device);
}

void DeviceMemory::resetPeakStats(c10::DeviceIndex device) {
  const std::lock_guard lock(mutex_);
  stats_.at(device).allocated_bytes[0].reset_peak();
}

void DeviceMemory::begin_recording() {
  const std::lock_guard lock(mutex_);
  recording_ = true;
  for (const auto& [block, about] : blocks_)
    before_recording_.emplace(block, std::string(static_cast<const char*>(host(block)), about.bytes));
}

void DeviceMemory::end_recording() {
  const std::lock_guard lock(mutex_);
  recording_ = false;
  for (const auto& [block, bytes] : allocated_recording_) {
    mark_unwritten(block, bytes);
    before_recording_.erase(block);
  }
  for (const auto& [block, content] : before_recording_) {
    if (blocks_.contains(block)) std::memcpy(host(block), content.data(), content.size());
  }
  allocated_recording_.clear();
  before_recording_.clear();
}

void DeviceMemory::limit(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
}

DeviceMemory& device_memory() {
  static auto* memory = new DeviceMemory;
  return *memory;
}

c10::DeviceIndex& current_device() {
  static thread_local c10::DeviceIndex index = 0;
  return index;
}

const void* host_address(const void* device_pointer) {
  return device_memory().owns(device_pointer) ? device_memory().host(device_pointer) : device_pointer;
}

void limit_memory(std::int64_t bytes) { device_memory().limit(bytes); }

}  // namespace flashrna::stand_in
