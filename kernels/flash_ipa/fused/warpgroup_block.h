// Instructions of capability 9.0 in addition to CudaBlock: products of a warpgroup (four warps) with operands in shared
// memory (wgmma), bulk copies of whole tiles (cp.async.bulk), barriers in shared memory that track threads and bytes
// (mbarrier), and reallocation of registers between warps (setmaxnreg). Compiled for sm_90a only.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/flash_ipa/fused/cuda_block.h"
#include "kernels/flash_ipa/fused/layout.h"

namespace flashrna::fused_ipa {

inline constexpr int kWarpgroup = 128;

// A matrix operand in shared memory without swizzle: 8 rows of 8 halves are 128 contiguous bytes. `next_chunk` is the
// distance in bytes between the two chunks along the summed dimension, `next_rows` between groups of 8 rows (or
// columns). The kernels use layout 0 only; the benchmark compares it with layout 1, the 128-byte swizzle.
struct GroupMatrix {
  std::uint32_t offset, next_chunk, next_rows;
  std::uint32_t layout = 0;
};
// A transposed operand: 8 contiguous halves belong to 8 rows (or columns), and 8 such groups are 8 steps along the
// summed dimension.
struct TransposedGroupMatrix {
  std::uint32_t offset, next_chunk, next_rows;
  static constexpr std::uint32_t layout = 0;
};
template <class Matrix>
inline constexpr int kTransposed = std::is_same_v<Matrix, TransposedGroupMatrix>;

#ifdef __CUDACC__

class CudaWarpgroupBlock : public CudaBlock {
 public:
  FLASHRNA_DEVICE explicit CudaWarpgroupBlock(char* shared) : CudaBlock(shared), base_(shared_address(shared)) {}

  // Barriers of 8 bytes. A phase completes when `count` threads have arrived and all expected bytes have been copied.
  FLASHRNA_DEVICE void init_barrier(std::uint32_t barrier, int count) const {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(base_ + barrier), "r"(count) : "memory");
  }
  // Makes initialized barriers visible to copies. Call after initialization and before the block synchronizes.
  FLASHRNA_DEVICE void publish_barriers() const {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  }
  FLASHRNA_DEVICE void arrive(std::uint32_t barrier) const {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(base_ + barrier) : "memory");
  }
  FLASHRNA_DEVICE void arrive_expecting(std::uint32_t barrier, int bytes) const {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(base_ + barrier), "r"(bytes)
                 : "memory");
  }
  // Waits until the phase of this parity completes. The first phase has parity 0.
  FLASHRNA_DEVICE void wait(std::uint32_t barrier, int parity) const {
    asm volatile(
        "{.reg .pred done;\n"
        "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
        "@done bra over;\n"
        "bra again;\n"
        "over:}" ::"r"(base_ + barrier),
        "r"(parity)
        : "memory");
  }
  // Copies a multiple of 16 bytes. The barrier counts the bytes.
  FLASHRNA_DEVICE void copy_tile(std::uint32_t offset, const char* from, int bytes, std::uint32_t barrier) const {
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(base_ + offset),
        "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(base_ + barrier)
        : "memory");
  }
  template <int kRegisters>
  FLASHRNA_DEVICE void take_registers() const {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
  }
  template <int kRegisters>
  FLASHRNA_DEVICE void give_registers() const {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
  }

  // Products are asynchronous: begin_products(), products, commit_products(). Until wait_products() returns, the
  // registers of sums and operands must not be touched. pin() keeps the compiler from moving accesses to a register
  // across either end.
  FLASHRNA_DEVICE void begin_products() const { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
  FLASHRNA_DEVICE void commit_products() const { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
  template <int kPending>
  FLASHRNA_DEVICE void wait_products() const {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
  }
  FLASHRNA_DEVICE void pin(float& x) const { asm volatile("" : "+f"(x)::"memory"); }

  // c = a b, or c += a b if `add`, over 16 halves. c has 64 rows, 16 per warp, distributed over its threads as by
  // multiply().
#define FLASHRNA_FOUR(c) "+f"((c)[0]), "+f"((c)[1]), "+f"((c)[2]), "+f"((c)[3])
  FLASHRNA_DEVICE void group_multiply(float (&c)[12][4], GroupMatrix a, GroupMatrix b, bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %50, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n96k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
        "}, %48, %49, p, 1, 1, 0, 0;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9]),
          FLASHRNA_FOUR(c[10]), FLASHRNA_FOUR(c[11])
        : "l"(descriptor(a)), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
  FLASHRNA_DEVICE void group_multiply(float (&c)[5][4], const std::uint32_t& a0, const std::uint32_t& a1,
                                      const std::uint32_t& a2, const std::uint32_t& a3, GroupMatrix b, bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %25, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n40k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19"
        "}, {%20, %21, %22, %23}, %24, p, 1, 1, 0;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
  FLASHRNA_DEVICE void group_multiply(float (&c)[16][4], const std::uint32_t& a0, const std::uint32_t& a1,
                                      const std::uint32_t& a2, const std::uint32_t& a3, GroupMatrix b, bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %69, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
        "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
        "}, {%64, %65, %66, %67}, %68, p, 1, 1, 0;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9]),
          FLASHRNA_FOUR(c[10]), FLASHRNA_FOUR(c[11]), FLASHRNA_FOUR(c[12]), FLASHRNA_FOUR(c[13]), FLASHRNA_FOUR(c[14]),
          FLASHRNA_FOUR(c[15])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
  FLASHRNA_DEVICE void group_multiply(float (&c)[24][4], const std::uint32_t& a0, const std::uint32_t& a1,
                                      const std::uint32_t& a2, const std::uint32_t& a3, GroupMatrix b, bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %101, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n192k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
        "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, "
        "%66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, "
        "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
        "}, {%96, %97, %98, %99}, %100, p, 1, 1, 0;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9]),
          FLASHRNA_FOUR(c[10]), FLASHRNA_FOUR(c[11]), FLASHRNA_FOUR(c[12]), FLASHRNA_FOUR(c[13]), FLASHRNA_FOUR(c[14]),
          FLASHRNA_FOUR(c[15]), FLASHRNA_FOUR(c[16]), FLASHRNA_FOUR(c[17]), FLASHRNA_FOUR(c[18]), FLASHRNA_FOUR(c[19]),
          FLASHRNA_FOUR(c[20]), FLASHRNA_FOUR(c[21]), FLASHRNA_FOUR(c[22]), FLASHRNA_FOUR(c[23])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
  // The shapes of backward.
  template <class A, class B>
  FLASHRNA_DEVICE void group_multiply(float (&c)[10][4], A a, B b, bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %42, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n80k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
        "%36, %37, %38, %39"
        "}, %40, %41, p, 1, 1, %43, %44;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9])
        : "l"(descriptor(a)), "l"(descriptor(b)), "r"(static_cast<int>(add)), "n"(kTransposed<A>), "n"(kTransposed<B>));
  }
  FLASHRNA_DEVICE void group_multiply(float (&c)[21][4], const std::uint32_t& a0, const std::uint32_t& a1,
                                      const std::uint32_t& a2, const std::uint32_t& a3, TransposedGroupMatrix b,
                                      bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %89, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n168k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
        "%36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
        "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, "
        "%72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83"
        "}, {%84, %85, %86, %87}, %88, p, 1, 1, 1;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9]),
          FLASHRNA_FOUR(c[10]), FLASHRNA_FOUR(c[11]), FLASHRNA_FOUR(c[12]), FLASHRNA_FOUR(c[13]), FLASHRNA_FOUR(c[14]),
          FLASHRNA_FOUR(c[15]), FLASHRNA_FOUR(c[16]), FLASHRNA_FOUR(c[17]), FLASHRNA_FOUR(c[18]), FLASHRNA_FOUR(c[19]),
          FLASHRNA_FOUR(c[20])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
  FLASHRNA_DEVICE void group_multiply(float (&c)[23][4], const std::uint32_t& a0, const std::uint32_t& a1,
                                      const std::uint32_t& a2, const std::uint32_t& a3, TransposedGroupMatrix b,
                                      bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %97, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n184k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
        "%36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
        "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, "
        "%72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, "
        "%90, %91"
        "}, {%92, %93, %94, %95}, %96, p, 1, 1, 1;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9]),
          FLASHRNA_FOUR(c[10]), FLASHRNA_FOUR(c[11]), FLASHRNA_FOUR(c[12]), FLASHRNA_FOUR(c[13]), FLASHRNA_FOUR(c[14]),
          FLASHRNA_FOUR(c[15]), FLASHRNA_FOUR(c[16]), FLASHRNA_FOUR(c[17]), FLASHRNA_FOUR(c[18]), FLASHRNA_FOUR(c[19]),
          FLASHRNA_FOUR(c[20]), FLASHRNA_FOUR(c[21]), FLASHRNA_FOUR(c[22])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
  FLASHRNA_DEVICE void group_multiply(float (&c)[29][4], const std::uint32_t& a0, const std::uint32_t& a1,
                                      const std::uint32_t& a2, const std::uint32_t& a3, TransposedGroupMatrix b,
                                      bool add) const {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %121, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n232k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
        "%36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
        "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, "
        "%72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, "
        "%90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, "
        "%108, %109, %110, %111, %112, %113, %114, %115"
        "}, {%116, %117, %118, %119}, %120, p, 1, 1, 1;}"
        : FLASHRNA_FOUR(c[0]), FLASHRNA_FOUR(c[1]), FLASHRNA_FOUR(c[2]), FLASHRNA_FOUR(c[3]), FLASHRNA_FOUR(c[4]),
          FLASHRNA_FOUR(c[5]), FLASHRNA_FOUR(c[6]), FLASHRNA_FOUR(c[7]), FLASHRNA_FOUR(c[8]), FLASHRNA_FOUR(c[9]),
          FLASHRNA_FOUR(c[10]), FLASHRNA_FOUR(c[11]), FLASHRNA_FOUR(c[12]), FLASHRNA_FOUR(c[13]), FLASHRNA_FOUR(c[14]),
          FLASHRNA_FOUR(c[15]), FLASHRNA_FOUR(c[16]), FLASHRNA_FOUR(c[17]), FLASHRNA_FOUR(c[18]), FLASHRNA_FOUR(c[19]),
          FLASHRNA_FOUR(c[20]), FLASHRNA_FOUR(c[21]), FLASHRNA_FOUR(c[22]), FLASHRNA_FOUR(c[23]), FLASHRNA_FOUR(c[24]),
          FLASHRNA_FOUR(c[25]), FLASHRNA_FOUR(c[26]), FLASHRNA_FOUR(c[27]), FLASHRNA_FOUR(c[28])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(descriptor(b)), "r"(static_cast<int>(add)));
  }
#undef FLASHRNA_FOUR

 private:
  static FLASHRNA_DEVICE std::uint32_t shared_address(char* shared) {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  }
  // Addresses and strides are encoded in units of 16 bytes, 14 bits each. Layout 0 means no swizzle.
  template <class Matrix>
  FLASHRNA_DEVICE std::uint64_t descriptor(Matrix m) const {
    return static_cast<std::uint64_t>((base_ + m.offset) >> 4 & 0x3fffu) |
           static_cast<std::uint64_t>(m.next_chunk >> 4 & 0x3fffu) << 16 |
           static_cast<std::uint64_t>(m.next_rows >> 4 & 0x3fffu) << 32 | static_cast<std::uint64_t>(m.layout) << 62;
  }

  std::uint32_t base_;
};

#endif

// The first two of three warpgroups, seen as a block of their own. They compute while the third loads.
template <class Block>
class Consumers : public Block {
 public:
  static constexpr int kThreads = 2 * kWarpgroup;
  FLASHRNA_DEVICE explicit Consumers(const Block& block) : Block(block) {}
  FLASHRNA_DEVICE int threads() const { return kThreads; }
  FLASHRNA_DEVICE void sync() const { this->sync_some(1, kThreads); }
};

template <class Block, int kTiles>
FLASHRNA_DEVICE void pin(const Block& block, float (&x)[kTiles][4]) {
  FLASHRNA_UNROLL
  for (int n = 0; n < kTiles; ++n) {
    FLASHRNA_UNROLL
    for (int i = 0; i < 4; ++i) block.pin(x[n][i]);
  }
}

// Lane 0 arrives on the barrier for its warp: the warp no longer reads the buffer that the barrier guards, or has
// filled it.
template <class Block>
FLASHRNA_DEVICE void release(const Block& block, std::uint32_t barrier) {
  block.sync_warp();
  if (block.thread() % kWarp == 0) block.arrive(barrier);
}

}  // namespace flashrna::fused_ipa
