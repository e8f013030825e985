// The 32 threads of a warp. Threads whose next instruction is the same execute it together; of several groups the one
// at the lowest instruction goes first, so that branches meet again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "tests/ptx/kernel.h"

namespace flashrna::ptx {

class Block;

// A product of a warpgroup between issue and wait: its operands must not change.
struct ProductInFlight {
  std::vector<int> registers;
  struct Range {
    std::uint32_t address;
    std::vector<std::byte> content;
  };
  std::vector<Range> operands;
};

class Warp {
 public:
  Warp(Block& block, int first_thread, int threads);

  // Executes until every thread has ended or waits. Returns whether it executed anything.
  bool run();

  bool has_ended() const { return (present_ & ~ended_) == 0; }
  Block& block() { return block_; }
  int first_thread() const { return first_thread_; }
  int thread(int lane) const { return first_thread_ + lane; }
  int index() const { return first_thread_ / kLanes; }
  std::vector<int> all_threads() const;

  // Values of a slot by lane.
  const std::uint64_t* values(int slot) const;
  std::uint64_t* result(int slot) { return registers_.data() + static_cast<std::size_t>(slot) * kLanes; }
  std::uint64_t address(const Operand& operand, int lane) const {
    return (operand.slot >= 0 ? values(operand.slot)[lane] : 0) + static_cast<std::uint64_t>(operand.offset);
  }
  // The value of an operand that is the same in all lanes that execute; reports if it is not.
  std::uint64_t uniform(int slot, std::uint32_t lanes);

  // Waits until the block wakes the warp.
  void wait() { is_waiting_ = true; }
  void wake() { is_waiting_ = false; }
  bool is_waiting() const { return is_waiting_; }
  void report(const char* what);
  const Instruction& current() const;
  // Next instruction of the first thread that has not ended, for messages.
  const Instruction* next() const;

  // Copies of each thread by cp.async.
  struct Copy {
    std::uint32_t to;
    const std::byte* from;
  };
  struct ThreadCopies {
    std::vector<Copy> open;
    std::deque<std::vector<Copy>> groups;
  };
  ThreadCopies& copies(int lane) { return copies_[lane]; }

  // Products of warpgroups.
  void fence_products() { fence_ = ++tick_; }
  bool written_since_fence(int slot) const { return written_at_[slot] > fence_; }
  bool has_fenced() const { return fence_ > 0; }
  void begin_product(ProductInFlight product, int columns);
  int columns_in_flight(int slot) const { return in_flight_[slot].second; }
  void commit_products();
  void wait_products(int pending);
  bool has_products() const { return !open_products_.empty() || !product_groups_.empty(); }

  // setmaxnreg
  int register_limit = 0;
  int missing_registers = 0;  // waits for them

 private:
  enum class LaneState : std::uint8_t { kReady, kCollective, kMbarrier };

  void execute(const Instruction& in, std::uint32_t lanes);
  void execute_collective();
  void branch(const Instruction& in, std::uint32_t lanes, std::uint32_t taken);
  std::uint32_t select();
  std::uint32_t guarded(const Instruction& in, std::uint32_t lanes) const;
  void advance(std::uint32_t lanes);
  void wake_at_mbarriers();
  void track_registers(const Instruction& in);

  Block& block_;
  int first_thread_;
  std::uint32_t present_, ended_ = 0;
  std::array<int, kLanes> pc_{};
  std::array<LaneState, kLanes> state_{};
  std::array<bool, kLanes> has_failed_wait_{};
  std::vector<std::uint64_t> registers_;
  std::array<ThreadCopies, kLanes> copies_;
  bool is_waiting_ = false;
  int current_ = 0;

  std::vector<std::uint64_t> written_at_;       // tick of the last write, per register
  std::vector<std::pair<int, int>> in_flight_;  // products in flight with the register, and their columns
  int registers_in_flight_ = 0;
  std::uint64_t tick_ = 0, fence_ = 0;
  std::vector<ProductInFlight> open_products_;
  std::deque<std::vector<ProductInFlight>> product_groups_;
};

}  // namespace flashrna::ptx
