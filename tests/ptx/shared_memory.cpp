#include "tests/ptx/shared_memory.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "tests/ptx/findings.h"
#include "tests/ptx/parser.h"

namespace flashrna::ptx {

SharedMemory::SharedMemory(int threads, std::size_t bytes, bool has_async_proxy, Report report)
    : bytes_(bytes, std::byte{0xff}),
      states_(bytes, State::kUninitialized),
      has_async_proxy_(has_async_proxy),
      races_(threads + kCopyActors, bytes),
      threads_(threads),
      report_(std::move(report)) {}

std::size_t SharedMemory::offset_of(std::uint32_t address) { return address - kSharedBase; }

void SharedMemory::check_bounds(std::uint32_t address, std::size_t bytes) const {
  if (address >= kSharedBase && offset_of(address) + bytes <= bytes_.size()) return;
  throw KernelError("accesses shared memory outside of the block's " + std::to_string(bytes_.size()) + " bytes, at " +
                    std::to_string(static_cast<std::int64_t>(address) - kSharedBase));
}

void SharedMemory::report_race(int other, const char* what) {
  if (other != RaceDetector::kNobody) report_(what);
}

const std::byte* SharedMemory::read(int thread, std::uint32_t address, std::size_t bytes, std::size_t align) {
  check_bounds(address, bytes);
  if (address % align != 0) throw KernelError("reads shared memory at an address that is not a multiple of its size");
  const std::size_t at = offset_of(address);
  for (std::size_t i = at; i < at + bytes; ++i) {
    if (states_[i] == State::kUninitialized) {
      report_("reads shared memory that nothing has written");
      break;
    }
  }
  report_race(races_.read(thread, at, bytes), "race: reads shared memory that another thread writes");
  return bytes_.data() + at;
}

std::byte* SharedMemory::write(int thread, std::uint32_t address, std::size_t bytes, std::size_t align) {
  check_bounds(address, bytes);
  if (address % align != 0) throw KernelError("writes shared memory at an address that is not a multiple of its size");
  const std::size_t at = offset_of(address);
  for (std::size_t i = at; i < at + bytes; ++i) {
    if (has_async_proxy_ && states_[i] != State::kStored && i % RaceDetector::kCell == 0)
      stored_.push_back(static_cast<std::uint32_t>(i));
    states_[i] = State::kStored;
  }
  report_race(races_.write(thread, at, bytes), "race: writes shared memory that another thread accesses");
  return bytes_.data() + at;
}

const std::byte* SharedMemory::read_async(int thread, std::uint32_t address, std::size_t bytes) {
  check_bounds(address, bytes);
  const std::size_t at = offset_of(address);
  for (std::size_t i = at; i < at + bytes; ++i) {
    if (states_[i] == State::kUninitialized) {
      report_("a product reads shared memory that nothing has written");
      break;
    }
    if (states_[i] == State::kStored) {
      report_("a product reads what threads stored without fence.proxy.async");
      break;
    }
  }
  report_race(races_.read(thread, at, bytes), "race: a product reads shared memory that is written");
  return bytes_.data() + at;
}

void SharedMemory::write_async(std::uint32_t address, const std::byte* from, std::size_t bytes, const Clock& issued,
                               Clock& completed) {
  const std::size_t at = offset_of(address);
  if (std::find(states_.begin() + static_cast<std::ptrdiff_t>(at),
                states_.begin() + static_cast<std::ptrdiff_t>(at + bytes),
                State::kStored) != states_.begin() + static_cast<std::ptrdiff_t>(at + bytes))
    report_("a bulk copy writes over what threads stored without fence.proxy.async");
  const int actor = threads_ + next_copy_++ % kCopyActors;
  races_.restart(actor, issued);
  report_race(races_.write(actor, at, bytes), "race: a bulk copy writes shared memory that a thread accesses");
  races_.release(actor, completed);
  std::memcpy(bytes_.data() + at, from, bytes);
  std::fill_n(states_.begin() + static_cast<std::ptrdiff_t>(at), bytes, State::kVisible);
}

void SharedMemory::poison(std::uint32_t address, std::size_t bytes) {
  std::memset(bytes_.data() + offset_of(address), 0xff, bytes);
}

void SharedMemory::fence_proxy(int thread) {
  std::erase_if(stored_, [&](std::uint32_t at) {
    if (!races_.write_is_known_to(thread, at)) return false;
    for (std::size_t i = at; i < std::min(at + RaceDetector::kCell, states_.size()); ++i)
      if (states_[i] == State::kStored) states_[i] = State::kVisible;
    return true;
  });
}

}  // namespace flashrna::ptx
