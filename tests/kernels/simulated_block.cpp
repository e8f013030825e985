#include "tests/kernels/simulated_block.h"

#include <ucontext.h>

#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/flash_ipa/fused/fp16.h"

namespace flashrna {

using fused_ipa::GroupMatrix;
using fused_ipa::kWarp;
using fused_ipa::kWarpgroup;

namespace {

constexpr std::size_t kStackBytes = 256 * 1024;

// What a thread is waiting for.
enum class Meeting {
  kNone,
  kBlock,
  kSome,      // threads that name the same number
  kWarp,      // and go on
  kExchange,  // of a warp
  kLoadMatrices,
  kMultiply,
  kBarrier,   // a phase of a barrier in shared memory
  kProducts,  // of a warpgroup
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
  // Operands of the instruction that it has come to, and results.
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
  int count = 0, missing = 0;  // threads of a phase, and those yet to come
  std::int64_t bytes = 0;      // expected and not yet there
  int phase = 0;
};

struct TileCopy {
  std::uint32_t offset;
  const char* from;
  int bytes;
  std::uint32_t barrier;
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
      // Every few turns other warps sleep, and the order changes: whoever relies on one is found out. If nothing goes
      // on without the sleeping ones, they run as well.
      const int warps = launch.threads / kWarp;
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
      for (int first = 0; first < launch.threads; first += kWarpgroup) progress |= finish_products(first);
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
  // A phase ends when all threads and bytes are there.
  void advance(BarrierState& state) {
    if (state.missing > 0 || state.bytes > 0) return;
    state.missing = state.count;
    ++state.phase;
  }
  void add_copy(const TileCopy& copy) { copies_.push_back(copy); }

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
      const bool together = meeting == Meeting::kWarp || meeting == Meeting::kExchange ||
                            meeting == Meeting::kLoadMatrices || meeting == Meeting::kMultiply;
      if (together && all(first, kWarp, meeting)) {
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
      int there = 0;
      const auto waits = [&](const Thread& t) { return t.meeting == Meeting::kSome && t.some == threads_[i].some; };
      for (const Thread& t : threads_) there += waits(t);
      if (there != threads_[i].some_threads) continue;
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

  // Where a warpgroup waits: its oldest products, until no more are under way than it allows.
  bool finish_products(int first) {
    if (first + kWarpgroup > launch.threads || !all(first, kWarpgroup, Meeting::kProducts)) return false;
    const std::size_t groups = threads_[first].products.size();
    const int pending = threads_[first].pending_products;
    for (int i = first; i < first + kWarpgroup; ++i) {
      if (threads_[i].products.size() != groups || threads_[i].pending_products != pending) {
        fail("threads of a warpgroup issued different products");
      }
    }
    for (std::size_t left = groups; static_cast<int>(left) > pending; --left) {
      for (std::size_t k = 0; k < threads_[first].products.front().size(); ++k) group_multiply(first, k);
      for (int i = first; i < first + kWarpgroup; ++i) threads_[i].products.pop_front();
    }
    release(first, kWarpgroup);
    return true;
  }

  // Row `row` of a matrix, halves 0 to 15 along the sum.
  void read_row(const GroupMatrix& m, int row, float* to) {
    for (int chunk = 0; chunk < 2; ++chunk) {
      const char* from = memory(m.offset + row / 8 * m.next_rows + chunk * m.next_chunk + row % 8 * 16, 16, 16);
      for (int i = 0; i < 8; ++i) {
        fused_ipa::Half half;
        std::memcpy(&half, from + 2 * i, 2);
        to[8 * chunk + i] = fused_ipa::from_half(half);
      }
    }
  }

  // wgmma (PTX ISA, wgmma.mma_async): warp w of the group has rows 16 w to 16 w + 15 of a and c, spread over its
  // threads as for mma.m16n8k16; without swizzle, 8 rows of 16 bytes follow one another.
  void group_multiply(int first, std::size_t k) {
    const SimulatedBlock::GroupProduct& any = threads_[first].products.front()[k];
    const int columns = 8 * any.tiles;
    std::vector<float> b(kStepDepth * columns), row(kStepDepth), sums(columns);
    const float* b_rows[kStepDepth];
    for (int i = 0; i < kStepDepth; ++i) b_rows[i] = b.data() + i * columns;
    for (int column = 0; column < columns; ++column) {
      read_row(any.b, column, row.data());
      for (int i = 0; i < kStepDepth; ++i) b[i * columns + column] = row[i];
    }
    for (int r = 0; r < kWarpgroup / 2; ++r) {
      // The four threads of this row, and which of their two rows it is.
      const int quad = first + r / 16 * kWarp + r % 8 * 4, upper = r % 16 / 8;
      if (any.registers[0] == nullptr) {
        read_row(any.a, r, row.data());
      } else {
        for (int i = 0; i < kStepDepth; ++i) {
          const auto& thread = threads_[quad + i % 8 / 2].products.front()[k];
          const std::uint32_t halves = *thread.registers[upper + i / 8 * 2];
          row[i] = i % 2 == 0 ? fused_ipa::first_of(halves) : fused_ipa::second_of(halves);
        }
      }
      for (int column = 0; column < columns; ++column) {
        const auto& thread = threads_[quad + column % 8 / 2].products.front()[k];
        sums[column] = thread.add ? thread.c[column / 8][2 * upper + column % 2] : 0.0f;
      }
      tensor_core_step(sums.data(), columns, row.data(), b_rows, launch.accumulation);
      for (int column = 0; column < columns; ++column) {
        threads_[quad + column % 8 / 2].products.front()[k].c[column / 8][2 * upper + column % 2] = sums[column];
      }
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
  std::map<std::uint32_t, BarrierState> barriers_;
  std::deque<TileCopy> copies_;
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

void SimulatedBlock::sync_warp() const { simulation_->meet(thread_, Meeting::kWarp); }

void SimulatedBlock::init_barrier(std::uint32_t barrier, int count) const { simulation_->init_barrier(barrier, count); }

void SimulatedBlock::arrive_expecting(std::uint32_t barrier, int bytes) const {
  BarrierState& state = simulation_->barrier(barrier);
  state.bytes += bytes;
  --state.missing;
  simulation_->advance(state);
}

void SimulatedBlock::wait(std::uint32_t barrier, int parity) const {
  Thread& t = simulation_->thread(thread_);
  t.offset = barrier;
  t.parity = parity;
  simulation_->meet(thread_, Meeting::kBarrier);
}

void SimulatedBlock::copy_tile(std::uint32_t offset, const char* from, int bytes, std::uint32_t barrier) const {
  if (reinterpret_cast<std::uintptr_t>(from) % 16 != 0 || bytes % 16 != 0) simulation_->fail("a copy is not aligned");
  simulation_->memory(offset, bytes, 16);
  simulation_->add_copy({offset, from, bytes, barrier});
}

void SimulatedBlock::sync_some(int id, int threads) const {
  Thread& t = simulation_->thread(thread_);
  t.some = id;
  t.some_threads = threads;
  simulation_->meet(thread_, Meeting::kSome);
}

void SimulatedBlock::issue(const GroupProduct& product) const {
  simulation_->thread(thread_).open_products.push_back(product);
}

void SimulatedBlock::commit_products() const {
  Thread& t = simulation_->thread(thread_);
  t.products.push_back(std::move(t.open_products));
  t.open_products.clear();
}

void SimulatedBlock::wait_for_products(int pending) const {
  simulation_->thread(thread_).pending_products = pending;
  simulation_->meet(thread_, Meeting::kProducts);
}

void run_blocks(const SimulatedLaunch& launch, const std::function<void(const SimulatedBlock&)>& kernel) {
  for (int z = 0; z < launch.blocks_z; ++z) {
    for (int y = 0; y < launch.blocks_y; ++y) {
      for (int x = 0; x < launch.blocks_x; ++x) BlockSimulation(launch, x, y, z, kernel).run();
    }
  }
}

}  // namespace flashrna
