// Shared memory of one block. Every access is checked against bounds, alignment, what has been written, races, and the
// two proxies: what threads store is visible to bulk copies and to products of warpgroups only after
// fence.proxy.async (PTX ISA, "Async proxy").
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/ptx/race_detector.h"

namespace flashrna::ptx {

class SharedMemory {
 public:
  // Bulk copies are actors of their own, which come after the threads.
  static constexpr int kCopyActors = 32;

  using Report = std::function<void(const char* what)>;

  // `report` is called for each finding.
  SharedMemory(int threads, std::size_t bytes, bool has_async_proxy, Report report);

  // Accesses of a thread. Return the memory, or throw KernelError if the address is outside or misaligned.
  const std::byte* read(int thread, std::uint32_t address, std::size_t bytes, std::size_t align);
  std::byte* write(int thread, std::uint32_t address, std::size_t bytes, std::size_t align);
  // Without any check.
  const std::byte* peek(std::uint32_t address) const { return bytes_.data() + offset_of(address); }
  // Reads of the async proxy on behalf of a thread.
  const std::byte* read_async(int thread, std::uint32_t address, std::size_t bytes);
  // A bulk copy that the clock `issued` precedes. Adds what it did to `completed`.
  void write_async(std::uint32_t address, const std::byte* from, std::size_t bytes, const Clock& issued,
                   Clock& completed);
  // Sets all bits of memory that a copy under way will write.
  void poison(std::uint32_t address, std::size_t bytes);

  // Makes writes that come before it visible to the async proxy.
  void fence_proxy(int thread);
  bool is_visible_to_async(std::uint32_t address) const { return states_[offset_of(address)] == State::kVisible; }

  void check_bounds(std::uint32_t address, std::size_t bytes) const;
  RaceDetector& races() { return races_; }

 private:
  enum class State : std::uint8_t { kUninitialized, kStored, kVisible };

  static std::size_t offset_of(std::uint32_t address);
  void report_race(int other, const char* what);

  std::vector<std::byte> bytes_;
  std::vector<State> states_;
  std::vector<std::uint32_t> stored_;  // offsets of 2 bytes whose state is kStored
  bool has_async_proxy_;
  RaceDetector races_;
  int threads_, next_copy_ = 0;
  Report report_;
};

}  // namespace flashrna::ptx
