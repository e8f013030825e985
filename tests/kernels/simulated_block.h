// A CUDA block on the host. Each thread is a coroutine that runs the kernel's own source. A collective instruction is
// executed once all threads of the warp or the block have reached it. Replaces fused_ipa::CudaBlock and
// fused_ipa::CudaWarpgroupBlock.
//
// The simulation uses the freedom that a GPU has, in order to reveal errors. Shared memory starts as NaN. Copies
// complete as late as allowed; copies of tiles complete either immediately or as late as allowed. Products of a
// warpgroup read their operands and change their sums only when a thread waits for them and nothing else can make
// progress. Between synchronizations threads run in varying orders.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "kernels/flash_ipa/fused/warpgroup_block.h"
#include "tests/kernels/tensor_core.h"

namespace flashrna {

class BlockSimulation;

class SimulatedBlock {
 public:
  SimulatedBlock(BlockSimulation& simulation, int thread) : simulation_(&simulation), thread_(thread) {}

  int thread() const { return thread_; }
  int threads() const;
  int block_x() const;
  int block_y() const;
  int block_z() const;
  template <typename T>
  T* shared(std::uint32_t offset) const {
    return reinterpret_cast<T*>(shared_memory(offset, sizeof(T)));
  }
  void sync() const;
  float exchange(float value, int mask) const;
  void count(unsigned long long* counter) const;
  void raise(std::uint32_t* maximum, std::uint32_t value) const;
  void copy_async(std::uint32_t offset, const char* from) const;
  void commit_copies() const;
  template <int kPending>
  void wait_copies() const {
    wait_for_groups(kPending);
  }
  void load_matrices(std::uint32_t (&r)[4], std::uint32_t offset) const;
  void load_transposed(std::uint32_t (&r)[4], std::uint32_t offset) const;
  void multiply(float* c, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) const;

  void sync_warp() const;
  int uniform(int value) const { return value; }
  void init_barrier(std::uint32_t barrier, int count) const;
  void publish_barriers() const {}
  void arrive(std::uint32_t barrier) const { arrive_expecting(barrier, 0); }
  void arrive_expecting(std::uint32_t barrier, int bytes) const;
  void wait(std::uint32_t barrier, int parity) const;
  void copy_tile(std::uint32_t offset, const char* from, int bytes, std::uint32_t barrier) const;
  void sync_some(int id, int threads) const;
  template <int kRegisters>
  void take_registers() const {}
  template <int kRegisters>
  void give_registers() const {}
  void begin_products() const {}
  void commit_products() const;
  template <int kPending>
  void wait_products() const {
    wait_for_products(kPending);
  }
  void pin(float&) const {}
  template <int kTiles, class A, class B>
  void group_multiply(float (&c)[kTiles][4], A a, B b, bool add) const {
    issue({c, kTiles, {}, operand(a), operand(b), add});
  }
  template <int kTiles, class B>
  void group_multiply(float (&c)[kTiles][4], const std::uint32_t& a0, const std::uint32_t& a1, const std::uint32_t& a2,
                      const std::uint32_t& a3, B b, bool add) const {
    issue({c, kTiles, {&a0, &a1, &a2, &a3}, {}, operand(b), add});
  }

  struct GroupOperand {
    fused_ipa::GroupMatrix matrix;
    bool transposed;
  };
  // A thread's share of one product of its warpgroup. `registers` are null if a is in shared memory.
  struct GroupProduct {
    float (*c)[4];
    int tiles;
    const std::uint32_t* registers[4];
    GroupOperand a, b;
    bool add;
  };

 private:
  template <class Matrix>
  static GroupOperand operand(Matrix m) {
    return {{m.offset, m.next_chunk, m.next_rows}, fused_ipa::kTransposed<Matrix>};
  }
  void issue(const GroupProduct& product) const;
  void wait_for_products(int pending) const;
  char* shared_memory(std::uint32_t offset, std::size_t bytes) const;
  void wait_for_groups(int pending) const;

  BlockSimulation* simulation_;
  int thread_;
};

// Dimensions of a launch. `threads` is a multiple of 32.
struct SimulatedLaunch {
  int blocks_x = 1, blocks_y = 1, blocks_z = 1, threads = fused_ipa::kWarp;
  int shared_bytes = 0;
  Accumulation accumulation = Accumulation::kNearest;
  std::uint64_t seed = 0;  // of the order in which warps run and copies of tiles complete
};

// Runs all blocks, one after another. Throws std::runtime_error for behavior that is undefined on a GPU and detected
// here: addresses that are outside of shared memory or misaligned, and a thread that exits while others wait for it.
void run_blocks(const SimulatedLaunch& launch, const std::function<void(const SimulatedBlock&)>& kernel);

}  // namespace flashrna
