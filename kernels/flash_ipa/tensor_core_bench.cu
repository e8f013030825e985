// Questions about Hopper's tensor cores on which the fused kernel rests, each answered by a measurement on the device:
//   a. the four uses of a tile image as an operand without swizzle (contraction over its columns or over its rows, as A
//      and as B), with the second chunk far away: which strides give the product that the host computes?
//   b. cycles of m64n96k16 from shared memory without swizzle and with the 128-byte swizzle (48 at full rate)
//   c. cycles of two m64n40k16 after m64n192k16, A in registers (96 + 2 x 20 at full rate)
//   d. bits that an accumulation keeps: the smallest addend to 1 that still counts
//
//   build/cuda/flashrna_tensor_core_bench        needs a device of capability 9.0
//
// A tile image of `rows` x columns is stored [chunk of 8 columns][row][8 x fp16].
#include <cuda_fp16.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

#include "kernels/cuda_launch.h"
#include "kernels/flash_ipa/fused/warpgroup_block.h"

namespace flashrna {
namespace {

using fused_ipa::CudaWarpgroupBlock;
using fused_ipa::GroupMatrix;

constexpr int kThreads = 128;  // a warpgroup

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define FLASHRNA_WGMMA 1
#endif

// ---- instructions ----

// Shared-memory matrix descriptor; byte counts are multiples of 16. `leading` and `stride` are the fields of those
// names.
__device__ __forceinline__ std::uint64_t descriptor(const void* shared, int leading, int stride, int layout) {
  const auto address = static_cast<std::uint64_t>(__cvta_generic_to_shared(shared));
  return (address & 0x3FFFF) >> 4 | static_cast<std::uint64_t>(leading >> 4) << 16 |
         static_cast<std::uint64_t>(stride >> 4) << 32 | static_cast<std::uint64_t>(layout) << 62;
}

#ifdef FLASHRNA_WGMMA

__device__ __forceinline__ void fence_operands() {
  asm volatile("fence.proxy.async;\n" ::: "memory");
  __syncthreads();
}
__device__ __forceinline__ void begin() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }
__device__ __forceinline__ void finish() {
  asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;\n" ::: "memory");
}

template <int kTransposedA = 0, int kTransposedB = 0>
__device__ __forceinline__ void multiply_n8(float (&d)[4], std::uint64_t a, std::uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {"
      "%0, %1, %2, %3"
      "}, %4, %5, 1, 1, 1, %6, %7;\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "l"(a), "l"(b), "n"(kTransposedA), "n"(kTransposedB));
}

template <int kTransposedA = 0, int kTransposedB = 0>
__device__ __forceinline__ void multiply_n16(float (&d)[8], std::uint64_t a, std::uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7"
      "}, %8, %9, 1, 1, 1, %10, %11;\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7])
      : "l"(a), "l"(b), "n"(kTransposedA), "n"(kTransposedB));
}

#endif

// Row and column of accumulator `i` of a thread, in a tile of 64 rows.
__host__ __device__ inline int row_of(int thread, int i) { return thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8; }
__host__ __device__ inline int column_of(int thread, int i) { return i / 4 * 8 + thread % 4 * 2 + i % 2; }

// ---- a: descriptors ----

constexpr int kFar = 4;  // chunks between the two of a step

struct OperandUse {
  int transposed;       // contraction over the image's rows
  int leading, stride;  // bytes
};

// D [64, 16] of one step. A's image has 64 x 16 elements for contraction over columns, 16 x 64 over rows; B's 16 x 16.
// Where the contraction is over columns, its second chunk stands kFar chunks after the first.
template <int kTransposedA, int kTransposedB>
__global__ void one_product(const __half* image_a, int elements_a, const __half* image_b, int elements_b, OperandUse a,
                            OperandUse b, float* out) {
#ifdef FLASHRNA_WGMMA
  extern __shared__ __align__(128) __half images[];
  __half *shared_a = images, *shared_b = images + elements_a;
  for (int i = threadIdx.x; i < elements_a; i += kThreads) shared_a[i] = image_a[i];
  for (int i = threadIdx.x; i < elements_b; i += kThreads) shared_b[i] = image_b[i];
  fence_operands();
  float d[8] = {};
  begin();
  multiply_n16<kTransposedA, kTransposedB>(d, descriptor(shared_a, a.leading, a.stride, 0),
                                           descriptor(shared_b, b.leading, b.stride, 0));
  finish();
  for (int i = 0; i < 8; ++i) out[row_of(threadIdx.x, i) * 16 + column_of(threadIdx.x, i)] = d[i];
#endif
}

// Elements of a matrix [m, 16] (contraction last) in the image of its use.
std::vector<__half> image_of(const std::vector<float>& matrix, int m, bool transposed) {
  const int rows = transposed ? 16 : m, chunks = transposed ? m / 8 : kFar + 1;
  std::vector<__half> image(static_cast<std::size_t>(chunks) * rows * 8, __float2half(0.0f));
  for (int i = 0; i < m; ++i) {
    for (int k = 0; k < 16; ++k) {
      const int row = transposed ? k : i, column = transposed ? i : k;
      const int chunk = transposed ? column / 8 : column / 8 * kFar;
      image[(static_cast<std::size_t>(chunk) * rows + row) * 8 + column % 8] = __float2half(matrix[i * 16 + k]);
    }
  }
  return image;
}

template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values) : size_(values.size()) {
    check_cuda(cudaMalloc(&data_, size_ * sizeof(T)), "cudaMalloc");
    check_cuda(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return data_; }
  std::vector<T> read(const char* what) const {
    std::vector<T> values(size_);
    check_cuda(cudaDeviceSynchronize(), what);
    check_cuda(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost), what);
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

std::vector<float> small_integers(int count, int seed) {
  std::vector<float> values(count);
  for (int i = 0; i < count; ++i) values[i] = static_cast<float>((i * 7 + seed * 13 + i / 5) % 9 - 4);
  return values;
}

// The largest error of a product with these strides; integers, so 0 is right.
template <int kTransposedA, int kTransposedB>
double product_error(OperandUse a, OperandUse b) {
  const std::vector<float> left = small_integers(64 * 16, 1), right = small_integers(16 * 16, 2);
  const std::vector<__half> image_a = image_of(left, 64, kTransposedA != 0),
                            image_b = image_of(right, 16, kTransposedB != 0);
  const DeviceArray<__half> device_a(image_a), device_b(image_b);
  const DeviceArray<float> out(std::vector<float>(64 * 16, NAN));
  launch_kernel({}, "one product", one_product<kTransposedA, kTransposedB>, 1, kThreads,
                (image_a.size() + image_b.size()) * sizeof(__half), device_a.data(), static_cast<int>(image_a.size()),
                device_b.data(), static_cast<int>(image_b.size()), a, b, out.data());
  const std::vector<float> got = out.read("one product");
  double largest = 0;
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < 16; ++j) {
      double expected = 0;
      for (int k = 0; k < 16; ++k) expected += static_cast<double>(left[i * 16 + k]) * right[j * 16 + k];
      const double error = std::abs(got[i * 16 + j] - expected);
      largest = error <= largest || largest != largest ? largest : error;
    }
  }
  return largest;
}

// Both readings of the two strides for each use; the first is the one that the images are designed for.
template <int kTransposedA, int kTransposedB>
void report_descriptors() {
  const int far_a = kFar * 64 * 16, far_b = kFar * 16 * 16;
  const OperandUse a = kTransposedA ? OperandUse{1, 128, 16 * 16} : OperandUse{0, far_a, 128};
  const OperandUse b = kTransposedB ? OperandUse{1, 128, 16 * 16} : OperandUse{0, far_b, 128};
  const auto swapped = [](OperandUse use) { return OperandUse{use.transposed, use.stride, use.leading}; };
  std::printf("a\tA over %s, B over %s\terror %g as designed, %g with A's strides swapped, %g with B's, %g with both\n",
              kTransposedA ? "rows" : "columns", kTransposedB ? "rows" : "columns",
              product_error<kTransposedA, kTransposedB>(a, b), product_error<kTransposedA, kTransposedB>(swapped(a), b),
              product_error<kTransposedA, kTransposedB>(a, swapped(b)),
              product_error<kTransposedA, kTransposedB>(swapped(a), swapped(b)));
}

// ---- b, c: rates ----

constexpr int kSteps = 13, kRounds = 200;

// Cycles of kRounds times kSteps products m64n96k16 in each of the block's two warpgroups. Layout 0 is the image of 64
// rows for A and 96 for B with steps of two chunks; layout 1 the 128-byte swizzle, four steps a panel of 64 columns.
template <int layout>
__global__ void __launch_bounds__(2 * kThreads, 1) rate_n96(long long* cycles, float* sink) {
#ifdef FLASHRNA_WGMMA
  extern __shared__ __align__(1024) __half operands[];
  const CudaWarpgroupBlock block(reinterpret_cast<char*>(operands));
  constexpr int kHalf = sizeof(__half);
  const std::uint32_t a = kHalf * (threadIdx.x / kThreads * 64 * 256), b = kHalf * (2 * 64 * 256);
  for (int i = threadIdx.x; i < 2 * 64 * 256 + 96 * 256; i += 2 * kThreads) operands[i] = __float2half(0.0f);
  fence_operands();
  float d[12][4] = {};
  __syncthreads();
  const long long start = clock64();
#pragma unroll 1
  for (int round = 0; round < kRounds; ++round) {
    begin();
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      if constexpr (layout == 0) {
        block.group_multiply(d, GroupMatrix{a + kHalf * step * 2 * 64 * 8, 64 * 16, 128},
                             GroupMatrix{b + kHalf * step * 2 * 96 * 8, 96 * 16, 128}, true);
      } else {
        const int in_panel = step % 4 * 16;
        block.group_multiply(d, GroupMatrix{a + kHalf * (step / 4 * 64 * 64 + in_panel), 16, 1024, 1},
                             GroupMatrix{b + kHalf * (step / 4 * 96 * 64 + in_panel), 16, 1024, 1}, true);
      }
    }
    finish();
  }
  const long long end = clock64();
  for (int i = 0; i < 48; ++i) sink[threadIdx.x] += d[i / 4][i % 4];
  if (threadIdx.x == 0) *cycles = end - start;
#endif
}

// Cycles of kRounds times (6 x m64n192k16, then 12 x m64n40k16 if `narrow`), A in registers, in two warpgroups.
template <bool narrow>
__global__ void __launch_bounds__(2 * kThreads, 1) rate_n40(long long* cycles, float* sink) {
#ifdef FLASHRNA_WGMMA
  extern __shared__ __align__(1024) __half operands[];
  for (int i = threadIdx.x; i < 96 * 272; i += 2 * kThreads) operands[i] = __float2half(0.0f);
  fence_operands();
  const CudaWarpgroupBlock block(reinterpret_cast<char*>(operands));
  const auto values = [](int step, int column) {
    return GroupMatrix{static_cast<std::uint32_t>(sizeof(__half) * (step * 2 * 272 + column) * 8), 272 * 16, 128};
  };
  float wide[24][4] = {}, points[5][4] = {};
  const std::uint32_t p[4] = {threadIdx.x & 1, 0, 0, 0};
  __syncthreads();
  const long long start = clock64();
#pragma unroll 1
  for (int round = 0; round < kRounds; ++round) {
    begin();
#pragma unroll
    for (int step = 0; step < 6; ++step) block.group_multiply(wide, p[0], p[1], p[2], p[3], values(step, 0), true);
    if (narrow) {
#pragma unroll
      for (int step = 0; step < 6; ++step) {
        block.group_multiply(points, p[0], p[1], p[2], p[3], values(step, 192), true);
        block.group_multiply(points, p[0], p[1], p[2], p[3], values(step, 232), true);
      }
    }
    finish();
  }
  const long long end = clock64();
  for (int i = 0; i < 96; ++i) sink[threadIdx.x] += wide[i / 4][i % 4];
  for (int i = 0; i < 20; ++i) sink[threadIdx.x] += points[i / 4][i % 4];
  if (threadIdx.x == 0) *cycles = end - start;
#endif
}

double cycles_of(const char* what, void (*kernel)(long long*, float*), std::size_t shared_bytes) {
  const DeviceArray<float> sink(std::vector<float>(2 * kThreads, 0.0f));
  long long fewest = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const DeviceArray<long long> cycles(std::vector<long long>{0});
    launch_kernel({}, what, kernel, 1, 2 * kThreads, shared_bytes, cycles.data(), sink.data());
    const long long taken = cycles.read(what)[0];
    fewest = repeat == 0 ? taken : std::min(fewest, taken);
  }
  return static_cast<double>(fewest) / kRounds;
}

void report_rates() {
  const std::size_t bytes_n96 = (2 * 64 + 96) * 256 * sizeof(__half), bytes_n40 = 96 * 272 * sizeof(__half);
  for (const int layout : {0, 1}) {
    // Both warpgroups' products go through the same four tensor cores.
    const double cycles = cycles_of("rate of n96", layout == 0 ? rate_n96<0> : rate_n96<1>, bytes_n96) / (2 * kSteps);
    std::printf("b\tm64n96k16, %s\t%.1f cycles, %.1f %% of the full rate\n",
                layout == 0 ? "no swizzle" : "128-byte swizzle", cycles, 100 * 48 / cycles);
  }
  const double wide = cycles_of("rate of n192", rate_n40<false>, bytes_n40) / 12;
  const double both = cycles_of("rate of n192 and n40", rate_n40<true>, bytes_n40) / 12;
  std::printf("c\tm64n192k16 alone\t%.1f cycles, full rate 96\n", wide);
  std::printf("c\tm64n192k16 and two m64n40k16\t%.1f cycles, full rate 136\n", both);
}

// ---- d: accumulation ----

// D = carried [4, equal] + sum over k of a_k, every b 1: a_0 = first, the other fifteen `addend`.
__global__ void accumulate(const float* carried, float first, float addend, float* out) {
#ifdef FLASHRNA_WGMMA
  __shared__ __align__(128) __half a[2 * 64 * 8], b[2 * 8 * 8];
  for (int i = threadIdx.x; i < 2 * 64 * 8; i += kThreads) {
    const bool is_first = i / (64 * 8) == 0 && i % 8 == 0;
    a[i] = __float2half(is_first ? first : addend);
  }
  for (int i = threadIdx.x; i < 2 * 8 * 8; i += kThreads) b[i] = __float2half(1.0f);
  fence_operands();
  float d[4];
  for (int i = 0; i < 4; ++i) d[i] = carried[i];
  begin();
  multiply_n8(d, descriptor(a, 64 * 16, 128, 0), descriptor(b, 8 * 16, 128, 0));
  finish();
  if (threadIdx.x == 0) *out = d[0];
#endif
}

// The largest e for which fifteen addends of 2^-e change the sum by what they are together, to half of it.
int bits_kept(bool one_is_carried) {
  int bits = 0;
  for (int e = 1; e <= 24; ++e) {  // 2^-24 is the least fp16
    const float addend = std::ldexp(1.0f, -e);
    const DeviceArray<float> out(std::vector<float>{NAN}), carried(std::vector<float>(4, one_is_carried ? 1.0f : 0.0f));
    launch_kernel({}, "accumulation", accumulate, 1, kThreads, 0, carried.data(), one_is_carried ? 0.0f : 1.0f, addend,
                  out.data());
    const double kept = static_cast<double>(out.read("accumulation")[0]) - 1.0;
    if (kept >= 0.5 * 15 * static_cast<double>(addend)) bits = e;
  }
  return bits;
}

}  // namespace
}  // namespace flashrna

int main() {
  using namespace flashrna;
  try {
    cudaDeviceProp device;
    check_cuda(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
    if (device.major != 9) {
      std::fprintf(stderr, "error: %s has capability %d.%d; this needs 9.0\n", device.name, device.major, device.minor);
      return 1;
    }
    std::printf("device\t%s\n", device.name);
    report_descriptors<0, 0>();
    report_descriptors<0, 1>();
    report_descriptors<1, 0>();
    report_descriptors<1, 1>();
    report_rates();
    std::printf("d\taddends of 2^-e beside a product of 1 count up to e = %d, beside a carried 1 up to e = %d\n",
                bits_kept(false), bits_kept(true));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
