#include "tests/kernels/simulated_block.h"

#include <algorithm>
#include <cstring>

#include "tests/kernels/block_simulation.h"

namespace flashrna {

using simulation::BarrierState;
using simulation::Copy;
using simulation::Meeting;
using simulation::Thread;

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

void SimulatedBlock::raise(std::uint32_t* maximum, std::uint32_t value) const { *maximum = std::max(*maximum, value); }

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

void SimulatedBlock::load_transposed(std::uint32_t (&r)[4], std::uint32_t offset) const {
  Thread& t = simulation_->thread(thread_);
  t.offset = offset;
  simulation_->meet(thread_, Meeting::kLoadTransposed);
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
