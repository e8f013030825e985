#include "tests/kernels/simulated_block.h"

#include <ucontext.h>

#include <cstring>
#include <deque>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/flash_ipa/fused/fp16.h"

namespace flashrna {

using fused_ipa::kWarp;

namespace {

constexpr std::size_t kStackBytes = 256 * 1024;

// What a thread is waiting for.
enum class Meeting { kNone, kBlock, kExchange, kLoadMatrices, kMultiply, kDone };

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
  // Operands of the instruction that it has come to, and results.
  float value = 0.0f;
  int mask = 0;
  std::uint32_t offset = 0, r[4] = {}, a[4] = {}, b[2] = {};
  float* c = nullptr;
};

}  // namespace

class BlockSimulation {
 public:
  BlockSimulation(const SimulatedLaunch& of, int block_x, int block_y, int block_z,
                  const std::function<void(const SimulatedBlock&)>& kernel)
      : launch(of), x(block_x), y(block_y), z(block_z), kernel_(kernel), threads_(of.threads) {
    // Aligned as the hardware aligns it; all bits set, which is NaN as a half and as a float.
    shared_.resize(launch.shared_bytes + 128, '\xff');
    void* begin = shared_.data();
    std::size_t space = shared_.size();
    shared = static_cast<char*>(std::align(128, launch.shared_bytes, begin, space));
  }

  void run() {
    for (int i = 0; i < launch.threads; ++i) start(i);
    for (;;) {
      bool progress = false;
      // Warps in an order that changes with every turn: whoever relies on one is found out.
      const int warps = launch.threads / kWarp;
      for (int w = 0; w < warps; ++w) progress |= run_warp((w * 5 + turn_) % warps);
      ++turn_;
      if (failure_) std::rethrow_exception(failure_);
      if (all(0, launch.threads, Meeting::kDone)) return;
      if (all(0, launch.threads, Meeting::kBlock)) {
        release(0, launch.threads);
        progress = true;
      }
      if (!progress) fail("threads wait for others that do not come");
    }
  }

  Thread& thread(int i) { return threads_[i]; }

  // Called from a thread: gives way until the meeting is over.
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
    t.stack = std::make_unique_for_overwrite<char[]>(kStackBytes);
    getcontext(&t.context);
    t.context.uc_stack.ss_sp = t.stack.get();
    t.context.uc_stack.ss_size = kStackBytes;
    t.context.uc_link = &scheduler_;
    const std::uint64_t self = reinterpret_cast<std::uint64_t>(this);
    makecontext(&t.context, reinterpret_cast<void (*)()>(&BlockSimulation::enter), 3, static_cast<unsigned>(self >> 32),
                static_cast<unsigned>(self), i);
  }

  // makecontext() passes ints only.
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

  // As far as the warp comes without the others. True if any thread moved.
  bool run_warp(int warp) {
    const int first = warp * kWarp;
    bool progress = false;
    for (;;) {
      bool moved = false;
      for (int i = first; i < first + kWarp; ++i) {
        if (threads_[i].meeting != Meeting::kNone) continue;
        swapcontext(&scheduler_, &threads_[i].context);
        moved = true;
        if (failure_) return true;
      }
      const Meeting meeting = threads_[first].meeting;
      if (meeting == Meeting::kExchange || meeting == Meeting::kLoadMatrices || meeting == Meeting::kMultiply) {
        if (!all(first, kWarp, meeting)) fail("threads of a warp came to different instructions");
        if (meeting == Meeting::kExchange) exchange(first);
        if (meeting == Meeting::kLoadMatrices) load_matrices(first);
        if (meeting == Meeting::kMultiply) multiply(first);
        release(first, kWarp);
        moved = true;
      }
      if (!moved) return progress;
      progress = true;
    }
  }

  void exchange(int first) {
    float values[kWarp];
    for (int i = 0; i < kWarp; ++i) values[i] = threads_[first + i].value;
    for (int i = 0; i < kWarp; ++i) threads_[first + i].value = values[i ^ threads_[first + i].mask];
  }

  // ldmatrix.x4 (PTX ISA, warp-level matrix load): thread 8 m + r names row r of matrix m; thread t gets the elements
  // 2 (t % 4) and + 1 of row t / 4 of each.
  void load_matrices(int first) {
    for (int m = 0; m < 4; ++m) {
      for (int t = 0; t < kWarp; ++t) {
        const char* row = memory(threads_[first + 8 * m + t / 4].offset, 16, 16);
        std::memcpy(&threads_[first + t].r[m], row + 4 * (t % 4), 4);
      }
    }
  }

  // mma.m16n8k16 (PTX ISA, matrix fragments for mma.m16n8k16 with .f16): with g = t / 4 and q = t % 4, thread t has
  // a: rows g, g + 8, g, g + 8 with columns 2 q (+ 1), the last two 8 on; b: rows 2 q (+ 1), then 8 on, of column g;
  // c: columns 2 q (+ 1) of rows g and g + 8.
  void multiply(int first) {
    float a[16][kStepDepth], b[kStepDepth][8];
    for (int t = 0; t < kWarp; ++t) {
      const Thread& thread = threads_[first + t];
      const int g = t / 4, q = t % 4;
      for (int i = 0; i < 4; ++i) {
        a[g + i % 2 * 8][2 * q + i / 2 * 8] = fused_ipa::first_of(thread.a[i]);
        a[g + i % 2 * 8][2 * q + 1 + i / 2 * 8] = fused_ipa::second_of(thread.a[i]);
      }
      for (int i = 0; i < 2; ++i) {
        b[2 * q + 8 * i][g] = fused_ipa::first_of(thread.b[i]);
        b[2 * q + 1 + 8 * i][g] = fused_ipa::second_of(thread.b[i]);
      }
    }
    const float* rows[kStepDepth];
    for (int k = 0; k < kStepDepth; ++k) rows[k] = b[k];
    for (int row = 0; row < 16; ++row) {
      float sums[8];
      for (int column = 0; column < 8; ++column) {
        sums[column] = threads_[first + row % 8 * 4 + column / 2].c[row / 8 * 2 + column % 2];
      }
      tensor_core_step(sums, 8, a[row], rows, launch.accumulation);
      for (int column = 0; column < 8; ++column) {
        threads_[first + row % 8 * 4 + column / 2].c[row / 8 * 2 + column % 2] = sums[column];
      }
    }
  }

  const std::function<void(const SimulatedBlock&)>& kernel_;
  std::vector<Thread> threads_;
  std::vector<char> shared_;
  ucontext_t scheduler_{};
  std::exception_ptr failure_;
  int turn_ = 0;
};

int SimulatedBlock::threads() const { return simulation_->launch.threads; }
int SimulatedBlock::block_x() const { return simulation_->x; }
int SimulatedBlock::block_y() const { return simulation_->y; }
int SimulatedBlock::block_z() const { return simulation_->z; }

char* SimulatedBlock::shared_memory(std::uint32_t offset, std::size_t bytes) const {
  return simulation_->memory(offset, bytes, 4);
}

void SimulatedBlock::sync() const { simulation_->meet(thread_, Meeting::kBlock); }

float SimulatedBlock::exchange(float value, int mask) const {
  Thread& t = simulation_->thread(thread_);
  t.value = value;
  t.mask = mask;
  simulation_->meet(thread_, Meeting::kExchange);
  return t.value;
}

void SimulatedBlock::count(unsigned long long* counter) const { ++*counter; }

void SimulatedBlock::copy_async(std::uint32_t offset, const char* from) const {
  simulation_->memory(offset, 16, 16);
  if (reinterpret_cast<std::uintptr_t>(from) % 16 != 0) simulation_->fail("a copy's source is not aligned");
  simulation_->thread(thread_).open_copies.push_back({offset, from});
}

void SimulatedBlock::commit_copies() const {
  Thread& t = simulation_->thread(thread_);
  t.groups.push_back(std::move(t.open_copies));
  t.open_copies.clear();
}

void SimulatedBlock::wait_for_groups(int pending) const {
  Thread& t = simulation_->thread(thread_);
  while (static_cast<int>(t.groups.size()) > pending) {
    for (const Copy& copy : t.groups.front()) std::memcpy(simulation_->shared + copy.offset, copy.from, 16);
    t.groups.pop_front();
  }
}

void SimulatedBlock::load_matrices(std::uint32_t (&r)[4], std::uint32_t offset) const {
  Thread& t = simulation_->thread(thread_);
  t.offset = offset;
  simulation_->meet(thread_, Meeting::kLoadMatrices);
  std::memcpy(r, t.r, sizeof(r));
}

void SimulatedBlock::multiply(float* c, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) const {
  Thread& t = simulation_->thread(thread_);
  t.c = c;
  std::memcpy(t.a, a, sizeof(t.a));
  t.b[0] = b0;
  t.b[1] = b1;
  simulation_->meet(thread_, Meeting::kMultiply);
}

void run_blocks(const SimulatedLaunch& launch, const std::function<void(const SimulatedBlock&)>& kernel) {
  for (int z = 0; z < launch.blocks_z; ++z) {
    for (int y = 0; y < launch.blocks_y; ++y) {
      for (int x = 0; x < launch.blocks_x; ++x) BlockSimulation(launch, x, y, z, kernel).run();
    }
  }
}

}  // namespace flashrna
