// One thread of a CUDA block, as the fused kernels use it: its indices, and the few instructions that threads execute
// together. The kernels are templates of this class, so that tests run the same source on the host.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/layout.h"
#include "kernels/host_device.h"

#ifdef __CUDACC__
#define FLASHRNA_DEVICE __device__ __forceinline__
#else
#define FLASHRNA_DEVICE inline
#endif

namespace flashrna::fused_ipa {

inline constexpr int kWarp = 32;

// Calls f(row, column) for all of them from `threads` threads, of which this is number `thread`. A warp has a row, so
// that no index is divided by a number of columns that is not known at compile time.
template <class F>
FLASHRNA_DEVICE void each_cell(int thread, int threads, int rows, int columns, const F& f) {
  FLASHRNA_NO_UNROLL
  for (int row = thread / kWarp; row < rows; row += threads / kWarp) {
    FLASHRNA_NO_UNROLL
    for (int column = thread % kWarp; column < columns; column += kWarp) f(row, column);
  }
}

#ifdef __CUDACC__

// Addresses in shared memory are byte offsets from its start.
class CudaBlock {
 public:
  FLASHRNA_DEVICE explicit CudaBlock(char* shared)
      : shared_(shared), address_(static_cast<std::uint32_t>(__cvta_generic_to_shared(shared))) {}

  FLASHRNA_DEVICE int thread() const { return static_cast<int>(threadIdx.x); }
  FLASHRNA_DEVICE int threads() const { return static_cast<int>(blockDim.x); }
  FLASHRNA_DEVICE int block_x() const { return static_cast<int>(blockIdx.x); }
  FLASHRNA_DEVICE int block_y() const { return static_cast<int>(blockIdx.y); }
  FLASHRNA_DEVICE int block_z() const { return static_cast<int>(blockIdx.z); }

  template <typename T>
  FLASHRNA_DEVICE T* shared(std::uint32_t offset) const {
    return reinterpret_cast<T*>(shared_ + offset);
  }
  FLASHRNA_DEVICE void sync() const { __syncthreads(); }
  FLASHRNA_DEVICE void sync_warp() const { __syncwarp(); }
  // Broadcasts a number that is equal in all threads of a warp, so that the compiler knows it is uniform.
  FLASHRNA_DEVICE int uniform(int value) const { return __shfl_sync(~0u, value, 0); }
  // The value in the lane whose index differs in the bits of `mask`.
  FLASHRNA_DEVICE float exchange(float value, int mask) const { return __shfl_xor_sync(~0u, value, mask); }
  FLASHRNA_DEVICE void count(unsigned long long* counter) const { atomicAdd(counter, 1ull); }
  // Atomic maximum in global memory. The result does not depend on the order.
  FLASHRNA_DEVICE void raise(std::uint32_t* maximum, std::uint32_t value) const { atomicMax(maximum, value); }
  // Synchronizes `threads` threads on barrier `id`; ids start at 1.
  FLASHRNA_DEVICE void sync_some(int id, int threads) const {
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
  }

  // Copies 16 bytes from global memory asynchronously. They are readable after wait_copies() has waited for the group
  // that commit_copies() closed.
  FLASHRNA_DEVICE void copy_async(std::uint32_t offset, const char* from) const {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address_ + offset),
                 "l"(__cvta_generic_to_global(from)));
  }
  FLASHRNA_DEVICE void commit_copies() const { asm volatile("cp.async.commit_group;" ::: "memory"); }
  // Waits until at most kPending groups of this thread are pending.
  template <int kPending>
  FLASHRNA_DEVICE void wait_copies() const {
    asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
  }

  // Loads four matrices of 8 x 8 halves. Lane 8 m + r passes the address of row r of matrix m. Each lane gets elements
  // 2 (lane % 4) and + 1 of row lane / 4 of every matrix.
  FLASHRNA_DEVICE void load_matrices(std::uint32_t (&r)[4], std::uint32_t offset) const {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address_ + offset)
                 : "memory");
  }
  // The same with transposed matrices: each lane gets element lane / 4 of rows 2 (lane % 4) and + 1 of every matrix.
  FLASHRNA_DEVICE void load_transposed(std::uint32_t (&r)[4], std::uint32_t offset) const {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address_ + offset)
                 : "memory");
  }
  // c += a b, 16 x 8, over 16 halves. Lane t holds columns 2 (t % 4) and + 1 of rows t / 4 and t / 4 + 8 of c.
  FLASHRNA_DEVICE void multiply(float* c, const std::uint32_t* a, std::uint32_t b0, std::uint32_t b1) const {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }

 private:
  char* shared_;
  std::uint32_t address_;
};

#endif

}  // namespace flashrna::fused_ipa
