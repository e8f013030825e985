// Scheduler of a block's coroutines, for simulated_block.cpp: records what each thread waits for, and executes a
// collective operation when all its threads have arrived.
#pragma once

#include <ucontext.h>

#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/kernels/simulated_block.h"

namespace flashrna {

namespace simulation {

inline constexpr std::size_t kStackBytes = 256 * 1024;

// The operation that a thread is waiting for.
enum class Meeting {
  kNone,
  kBlock,
  kSome,      // threads that pass the same barrier id
  kWarp,      // synchronizes a warp
  kExchange,  // within a warp
  kLoadMatrices,
  kLoadTransposed,
  kMultiply,
  kBarrier,   // completion of a phase of a barrier in shared memory
  kProducts,  // completion of products of a warpgroup
  kDone
};

struct Copy {
  std::uint32_t offset;
  const char* from;
};

struct Thread {
  ucontext_t context{};
  std::unique_ptr<char[]> stack;
  Meeting meeting = Meeting::kNone;
  std::vector<Copy> open_copies;         // since the last commit
  std::deque<std::vector<Copy>> groups;  // committed, oldest first
  // Operands of the pending instruction, and results.
  float value = 0.0f;
  int mask = 0;
  std::uint32_t offset = 0, r[4] = {}, a[4] = {}, b[2] = {};
  float* c = nullptr;
  int some = 0, some_threads = 0, parity = 0, pending_products = 0;
  std::vector<SimulatedBlock::GroupProduct> open_products;
  std::deque<std::vector<SimulatedBlock::GroupProduct>> products;
};

// A barrier in shared memory.
struct BarrierState {
  int count = 0, missing = 0;  // threads per phase, and those that have not arrived yet
  std::int64_t bytes = 0;      // expected and not yet copied
  int phase = 0;
};

struct TileCopy {
  std::uint32_t offset;
  const char* from;
  int bytes;
  std::uint32_t barrier;
};

}  // namespace simulation

class BlockSimulation {
 public:
  using Thread = simulation::Thread;
  using Meeting = simulation::Meeting;
  using BarrierState = simulation::BarrierState;
  using TileCopy = simulation::TileCopy;

  BlockSimulation(const SimulatedLaunch& of, int block_x, int block_y, int block_z,
                  const std::function<void(const SimulatedBlock&)>& kernel)
      : launch(of), x(block_x), y(block_y), z(block_z), kernel_(kernel), threads_(of.threads) {
    // Aligned as on the hardware. All bits are set, which is NaN as a half and as a float.
    shared_.resize(launch.shared_bytes + 128, '\xff');
    void* begin = shared_.data();
    std::size_t space = shared_.size();
    shared = static_cast<char*>(std::align(128, launch.shared_bytes, begin, space));
  }

  void run() {
    for (int i = 0; i < launch.threads; ++i) start(i);
    for (;;) {
      // Every few iterations a different set of warps sleeps and the order changes, so that code that relies on an
      // order fails. If no warp makes progress otherwise, the sleeping warps run too.
      const int warps = launch.threads / fused_ipa::kWarp;
      bool progress = false;
      for (const bool asleep : {false, true}) {
        for (int w = 0; w < warps && !(asleep && progress); ++w) {
          const int warp = (w * 5 + turn_) % warps;
          if ((random(turn_ / 6 * warps + warp) % 2 == 1) == asleep) progress |= run_warp(warp);
        }
      }
      ++turn_;
      if (failure_) std::rethrow_exception(failure_);
      if (all(0, launch.threads, Meeting::kDone)) return;
      if (all(0, launch.threads, Meeting::kBlock)) {
        release(0, launch.threads);
        progress = true;
      }
      progress |= release_some();
      progress |= release_barriers();
      // With an odd seed, copies complete immediately, which reveals threads that release memory too early. With an
      // even seed they complete, like products, only when nothing else can make progress.
      while (launch.seed % 2 == 1 && land_a_copy()) progress = true;
      const int groups = (launch.threads + fused_ipa::kWarpgroup - 1) / fused_ipa::kWarpgroup;
      for (int i = 0; i < groups && !progress; ++i) {
        progress = finish_products((turn_ + i) % groups * fused_ipa::kWarpgroup);
      }
      if (!progress) progress = land_a_copy();
      if (!progress) fail("threads wait for others that do not come");
    }
  }

  Thread& thread(int i) { return threads_[i]; }

  BarrierState& barrier(std::uint32_t at) {
    memory(at, 8, 8);
    const auto found = barriers_.find(at);
    if (found == barriers_.end()) fail("barrier at " + std::to_string(at) + " was not begun");
    return found->second;
  }
  void init_barrier(std::uint32_t at, int count) {
    memory(at, 8, 8);
    barriers_[at] = {count, count, 0, 0};
  }
  // A phase completes when all threads have arrived and all bytes have been copied.
  void advance(BarrierState& state) {
    if (state.missing > 0 || state.bytes > 0) return;
    state.missing = state.count;
    ++state.phase;
  }
  void add_copy(const TileCopy& copy) { copies_.push_back(copy); }

  // Called from a thread: yields until the operation completes.
  void meet(int i, Meeting meeting) {
    threads_[i].meeting = meeting;
    swapcontext(&threads_[i].context, &scheduler_);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("block (" + std::to_string(x) + ", " + std::to_string(y) + ", " + std::to_string(z) +
                             "): " + what);
  }

  char* memory(std::uint32_t offset, std::size_t bytes, std::size_t alignment) {
    if (offset + bytes > static_cast<std::size_t>(launch.shared_bytes) || offset % alignment != 0) {
      fail("shared memory at " + std::to_string(offset) + ": outside of it or not aligned");
    }
    return shared + offset;
  }

  const SimulatedLaunch launch;
  const int x, y, z;
  char* shared = nullptr;

 private:
  void start(int i) {
    Thread& t = threads_[i];
    t.stack = std::make_unique_for_overwrite<char[]>(simulation::kStackBytes);
    getcontext(&t.context);
    t.context.uc_stack.ss_sp = t.stack.get();
    t.context.uc_stack.ss_size = simulation::kStackBytes;
    t.context.uc_link = &scheduler_;
    const std::uint64_t self = reinterpret_cast<std::uint64_t>(this);
    makecontext(&t.context, reinterpret_cast<void (*)()>(&BlockSimulation::enter), 3, static_cast<unsigned>(self >> 32),
                static_cast<unsigned>(self), i);
  }

  // makecontext() passes only ints.
  static void enter(unsigned high, unsigned low, int i) {
    auto* self = reinterpret_cast<BlockSimulation*>(static_cast<std::uint64_t>(high) << 32 | low);
    try {
      self->kernel_(SimulatedBlock(*self, i));
    } catch (...) {
      self->failure_ = std::current_exception();
    }
    self->threads_[i].meeting = Meeting::kDone;
  }

  bool all(int first, int n, Meeting meeting) const {
    for (int i = first; i < first + n; ++i) {
      if (threads_[i].meeting != meeting) return false;
    }
    return true;
  }

  void release(int first, int n) {
    for (int i = first; i < first + n; ++i) threads_[i].meeting = Meeting::kNone;
  }

  // Runs the warp's threads until all of them wait. Returns true if any thread made progress.
  bool run_warp(int warp) {
    const int first = warp * fused_ipa::kWarp;
    bool progress = false;
    for (;;) {
      bool moved = false;
      for (int i = first; i < first + fused_ipa::kWarp; ++i) {
        if (threads_[i].meeting != Meeting::kNone) continue;
        swapcontext(&scheduler_, &threads_[i].context);
        moved = true;
        if (failure_) return true;
      }
      const Meeting meeting = threads_[first].meeting;
      const bool together = meeting == Meeting::kWarp || meeting == Meeting::kExchange ||
                            meeting == Meeting::kLoadMatrices || meeting == Meeting::kLoadTransposed ||
                            meeting == Meeting::kMultiply;
      if (together && all(first, fused_ipa::kWarp, meeting)) {
        if (meeting == Meeting::kExchange) exchange(first);
        if (meeting == Meeting::kLoadMatrices) load_matrices(first, false);
        if (meeting == Meeting::kLoadTransposed) load_matrices(first, true);
        if (meeting == Meeting::kMultiply) multiply(first);
        release(first, fused_ipa::kWarp);
        moved = true;
      }
      if (!moved) return progress;
      progress = true;
    }
  }

  // SplitMix64 of the launch's seed and i.
  std::uint64_t random(int i) const {
    std::uint64_t bits = (launch.seed * 1000003u + static_cast<std::uint64_t>(i) + 1) * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
  }

  bool release_some() {
    bool progress = false;
    for (int i = 0; i < launch.threads; ++i) {
      if (threads_[i].meeting != Meeting::kSome) continue;
      int waiting = 0;
      const auto waits = [&](const Thread& t) { return t.meeting == Meeting::kSome && t.some == threads_[i].some; };
      for (const Thread& t : threads_) waiting += waits(t);
      if (waiting != threads_[i].some_threads) continue;
      const int some = threads_[i].some;
      for (Thread& t : threads_) {
        if (t.meeting == Meeting::kSome && t.some == some) t.meeting = Meeting::kNone;
      }
      progress = true;
    }
    return progress;
  }

  bool release_barriers() {
    bool progress = false;
    for (Thread& t : threads_) {
      if (t.meeting != Meeting::kBarrier || barrier(t.offset).phase % 2 == t.parity) continue;
      t.meeting = Meeting::kNone;
      progress = true;
    }
    return progress;
  }

  bool land_a_copy() {
    if (copies_.empty()) return false;
    const auto chosen = copies_.begin() + static_cast<std::ptrdiff_t>(random(turn_) % copies_.size());  // in any order
    const TileCopy copy = *chosen;
    copies_.erase(chosen);
    std::memcpy(memory(copy.offset, copy.bytes, 16), copy.from, copy.bytes);
    BarrierState& state = barrier(copy.barrier);
    state.bytes -= copy.bytes;
    advance(state);
    return true;
  }

  // For a waiting warpgroup: executes its oldest products until no more are pending than it allows.
  bool finish_products(int first) {
    if (first + fused_ipa::kWarpgroup > launch.threads || !all(first, fused_ipa::kWarpgroup, Meeting::kProducts))
      return false;
    const std::size_t groups = threads_[first].products.size();
    const int pending = threads_[first].pending_products;
    for (int i = first; i < first + fused_ipa::kWarpgroup; ++i) {
      if (threads_[i].products.size() != groups || threads_[i].pending_products != pending) {
        fail("threads of a warpgroup issued different products");
      }
    }
    for (std::size_t left = groups; static_cast<int>(left) > pending; --left) {
      for (std::size_t k = 0; k < threads_[first].products.front().size(); ++k) group_multiply(first, k);
      for (int i = first; i < first + fused_ipa::kWarpgroup; ++i) threads_[i].products.pop_front();
    }
    release(first, fused_ipa::kWarpgroup);
    return true;
  }

  // Instructions of a warp or a warpgroup that all its threads have reached; `first` is its first thread.
  void read_row(const SimulatedBlock::GroupOperand& operand, int row, float* to);
  void group_multiply(int first, std::size_t k);
  void exchange(int first);
  void load_matrices(int first, bool transposed);
  void multiply(int first);

  const std::function<void(const SimulatedBlock&)>& kernel_;
  std::vector<Thread> threads_;
  std::vector<char> shared_;
  ucontext_t scheduler_{};
  std::exception_ptr failure_;
  int turn_ = 0;
  std::map<std::uint32_t, BarrierState> barriers_;
  std::deque<TileCopy> copies_;
};

}  // namespace flashrna
