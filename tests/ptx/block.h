// One block of a launch: its warps, shared memory, barriers and copies under way. Warps run one after the other in an
// order that depends on a seed; a warp runs until it has to wait.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/kernels/tensor_core.h"
#include "tests/ptx/device_memory.h"
#include "tests/ptx/findings.h"
#include "tests/ptx/kernel.h"
#include "tests/ptx/shared_memory.h"
#include "tests/ptx/warp.h"

namespace flashrna::ptx {

struct Dimensions {
  unsigned x = 1, y = 1, z = 1;
  std::size_t count() const { return static_cast<std::size_t>(x) * y * z; }
};

struct LaunchOptions {
  std::uint64_t seed = 0;   // of the order of warps and copies
  bool late_copies = true;  // asynchronous copies write as late as they may; otherwise at once
  Accumulation accumulation = Accumulation::k24Bits;
};

struct Launch {
  const Kernel* kernel;
  Dimensions grid, block;
  std::size_t dynamic_shared_bytes = 0;
  std::vector<std::byte> parameters;
  LaunchOptions options;
  DeviceMemory* memory;
  Findings* findings;
};

// A barrier in shared memory (PTX ISA, "mbarrier").
struct Mbarrier {
  int count;               // arrivals of a phase
  int pending;             // of them, not yet arrived
  std::int64_t bytes = 0;  // expected minus copied
  std::uint64_t phase = 0;
  Clock arrived, completed;
};

class Block {
 public:
  Block(const Launch& launch, Dimensions index);

  // Runs to the end. Findings go to the launch; an error ends the block and is a finding, too.
  void run();

  const Launch& launch() const { return launch_; }
  const Kernel& kernel() const { return *launch_.kernel; }
  const Dimensions& index() const { return index_; }
  std::uint32_t number() const;
  const std::uint64_t* constants() const { return constants_.data(); }
  SharedMemory& shared() { return shared_; }
  int threads() const { return threads_; }
  Warp& warp(int i) { return *warps_[i]; }
  int warps() const { return static_cast<int>(warps_.size()); }
  void report(const std::string& what, const Instruction* in);
  // The instruction that findings name.
  void set_current(const Instruction* in) { current_ = in; }
  std::uint64_t read_clock() { return ++clock_; }

  // bar.sync of a whole warp; `threads` 0 means all threads of the block.
  void arrive_at_barrier(Warp& warp, int id, int threads);
  Mbarrier& mbarrier(std::uint32_t address);
  void make_mbarrier(std::uint32_t address, int count) { mbarriers_[address] = {count, count, 0, 0, {}, {}}; }
  // One arrival, or 0, that expects additional bytes.
  void update_mbarrier(Mbarrier& barrier, int arrivals, std::int64_t bytes);
  void copy_bulk(int thread, std::uint32_t to, const std::byte* from, std::size_t bytes, std::uint32_t barrier);
  // Registers per thread that a warp gives back, or takes; false if too few are free.
  void give_registers(int n) { free_registers_ += n; }
  bool take_registers(int n);

 private:
  struct BulkCopy {
    std::uint32_t to, barrier;
    const std::byte* from;
    std::size_t bytes;
    Clock issued;
  };
  struct Barrier {
    std::vector<int> warps;
    int threads = 0;
  };

  bool run_turn();
  void land(std::size_t copy);
  void check_end();
  std::string describe_deadlock() const;
  std::uint64_t random();

  const Launch& launch_;
  Dimensions index_;
  int threads_;
  std::vector<std::uint64_t> constants_;  // [constant][lane]
  SharedMemory shared_;
  std::vector<std::unique_ptr<Warp>> warps_;
  std::array<Barrier, 16> barriers_;
  std::map<std::uint32_t, Mbarrier> mbarriers_;
  std::vector<BulkCopy> copies_;
  int free_registers_ = 0;  // per thread, summed over warps
  std::uint64_t random_state_;
  std::uint64_t clock_ = 0;
  const Instruction* current_ = nullptr;
};

}  // namespace flashrna::ptx
