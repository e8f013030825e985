// A CUDA block on the host: each thread of it is a coroutine that runs the kernel's own source, and the instructions
// that threads carry out together are done once all of a warp, or of the block, have come to them. It stands in for
// fused_ipa::CudaBlock.
//
// Unkind where a GPU may be: shared memory starts as NaN, copies land as late as wait_copies() allows, and threads run
// in an order of their own until they meet.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "kernels/flash_ipa/fused/cuda_block.h"
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
  void copy_async(std::uint32_t offset, const char* from) const;
  void commit_copies() const;
  template <int kPending>
  void wait_copies() const {
    wait_for_groups(kPending);
  }
  void load_matrices(std::uint32_t (&r)[4], std::uint32_t offset) const;
  void multiply(float* c, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) const;

 private:
  char* shared_memory(std::uint32_t offset, std::size_t bytes) const;
  void wait_for_groups(int pending) const;

  BlockSimulation* simulation_;
  int thread_;
};

// Sizes of a launch; threads in multiples of 32.
struct SimulatedLaunch {
  int blocks_x = 1, blocks_y = 1, blocks_z = 1, threads = fused_ipa::kWarp;
  int shared_bytes = 0;
  Accumulation accumulation = Accumulation::kNearest;
};

// Runs all blocks, one after another. Throws std::runtime_error for what would be undefined on a GPU and is seen here:
// addresses outside of shared memory or not aligned, a thread that ends while others wait for it.
void run_blocks(const SimulatedLaunch& launch, const std::function<void(const SimulatedBlock&)>& kernel);

}  // namespace flashrna
