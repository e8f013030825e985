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

namespace flashrna {
namespace {

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

template <int kTransposedA = 0, int kTransposedB = 0>
__device__ __forceinline__ void multiply_n96(float (&d)[48], std::uint64_t a, std::uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n96k16.f32.f16.f16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, "
      "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, "
      "%42, %43, %44, %45, %46, %47"
      "}, %48, %49, 1, 1, 1, %50, %51;\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
        "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),
        "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
        "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),
        "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),
        "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47])
      : "l"(a), "l"(b), "n"(kTransposedA), "n"(kTransposedB));
}

__device__ __forceinline__ void multiply_n40(float (&d)[20], const std::uint32_t (&a)[4], std::uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n40k16.f32.f16.f16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19"
      "}, {%20, %21, %22, %23}, %24, 1, 1, 1, 0;\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
        "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),
        "+f"(d[17]), "+f"(d[18]), "+f"(d[19])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ __forceinline__ void multiply_n192(float (&d)[96], const std::uint32_t (&a)[4], std::uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n192k16.f32.f16.f16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, "
      "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, "
      "%42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, "
      "%62, %63, %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, "
      "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
      "}, {%96, %97, %98, %99}, %100, 1, 1, 1, 0;\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
        "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),
        "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
        "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),
        "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),
        "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),
        "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),
        "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),
        "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),
        "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),
        "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),
        "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
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
  const int group = threadIdx.x / kThreads;
  const __half *a = operands + group * 64 * 256, *b = operands + 2 * 64 * 256;
  for (int i = threadIdx.x; i < 2 * 64 * 256 + 96 * 256; i += 2 * kThreads) operands[i] = __float2half(0.0f);
  fence_operands();
  float d[48] = {};
  __syncthreads();
  const long long start = clock64();
#pragma unroll 1
  for (int round = 0; round < kRounds; ++round) {
    begin();
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      if constexpr (layout == 0) {
        multiply_n96(d, descriptor(a + step * 2 * 64 * 8, 64 * 16, 128, 0),
                     descriptor(b + step * 2 * 96 * 8, 96 * 16, 128, 0));
      } else {
        multiply_n96(d, descriptor(a + step / 4 * 64 * 64 + step % 4 * 16, 16, 1024, 1),
                     descriptor(b + step / 4 * 96 * 64 + step % 4 * 16, 16, 1024, 1));
      }
    }
    finish();
  }
  const long long end = clock64();
  for (int i = 0; i < 48; ++i) sink[threadIdx.x] += d[i];
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
  float wide[96] = {}, points[20] = {};
  const std::uint32_t p[4] = {threadIdx.x & 1, 0, 0, 0};
  __syncthreads();
  const long long start = clock64();
#pragma unroll 1
  for (int round = 0; round < kRounds; ++round) {
    begin();
#pragma unroll
    for (int step = 0; step < 6; ++step)
      multiply_n192(wide, p, descriptor(operands + step * 2 * 272 * 8, 272 * 16, 128, 0));
    if (narrow) {
#pragma unroll
      for (int step = 0; step < 6; ++step) {
        multiply_n40(points, p, descriptor(operands + (step * 2 * 272 + 192) * 8, 272 * 16, 128, 0));
        multiply_n40(points, p, descriptor(operands + (step * 2 * 272 + 232) * 8, 272 * 16, 128, 0));
      }
    }
    finish();
  }
  const long long end = clock64();
  for (int i = 0; i < 96; ++i) sink[threadIdx.x] += wide[i];
  for (int i = 0; i < 20; ++i) sink[threadIdx.x] += points[i];
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
