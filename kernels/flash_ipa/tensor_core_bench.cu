// Measures properties of Hopper's tensor cores on which the fused kernels rely:
//   a. For every operand, addressed as in the kernels and at the same offsets in shared memory: does the product equal
//      the host's result for the numbers that fused/layout.h places there (tensor_core_cases.h)? The check is repeated
//      with the two strides of an operand exchanged: if the result did not change, the check would prove nothing.
//   b. Cycles of the 13 steps of forward's logits, m64n96k16 from shared memory without swizzle, with tiles at
//      multiples of 128 bytes and 32 bytes further; and with the 128-byte swizzle (48 per step at full rate).
//   c. Cycles of two m64n40k16 after m64n192k16, A in registers (96 + 2 x 20 at full rate).
//   d. Number of bits that a sum keeps below its largest term, and the direction of truncation.
//
//   build/cuda/flashrna_tensor_core_bench [abcd]        needs a device of capability 9.0
//
// The letters choose questions; without them all are asked. tests/ptx runs a and d on the host.
// Each question runs in its own process, because after an illegal access a process cannot use the device any more.
#include <cuda_fp16.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <type_traits>
#include <vector>

#include "kernels/cuda_launch.h"
#include "kernels/flash_ipa/tensor_core_cases.h"

namespace flashrna {
namespace {

using namespace tensor_core_cases;

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define FLASHRNA_WGMMA 1
#endif

constexpr int kGroup = 128;               // threads of a warpgroup
constexpr int kSharedBytes = 227 * 1024;  // largest amount per block, all of it filled
constexpr int kSharedHalves = kSharedBytes / 2;
constexpr unsigned kSecondsPerQuestion = 120;

// Integers from -8 to 8 that do not repeat for any stride. Sums of 16 products are exact.
__host__ __device__ inline int hashed(std::uint32_t i) {
  i = (i ^ i >> 16) * 0x7feb352du;
  i = (i ^ i >> 15) * 0x846ca68bu;
  return static_cast<int>((i ^ i >> 16) % 17) - 8;
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

extern __shared__ __align__(1024) char shared_memory[];

#ifdef FLASHRNA_WGMMA
// Makes writes of the threads visible to products.
__device__ __forceinline__ void publish() {
  asm volatile("fence.proxy.async;\n" ::: "memory");
  __syncthreads();
}
__device__ __forceinline__ void fill_shared() {
  for (int i = threadIdx.x; i < kSharedHalves; i += blockDim.x)
    reinterpret_cast<__half*>(shared_memory)[i] = __float2half(static_cast<float>(hashed(i)));
  publish();
}
#endif

// ---- a: operands ----

enum class Exchange { kNothing, kLeft, kRight };

template <class Matrix>
__device__ Matrix exchanged(Matrix m) {
  const std::uint32_t next_chunk = m.next_chunk;
  m.next_chunk = m.next_rows;
  m.next_rows = next_chunk;
  return m;
}
// End offset of an operand of `groups` times 8 rows or columns.
template <class Matrix>
__device__ int end_of(const Matrix& m, int groups) {
  return static_cast<int>(m.offset + m.next_chunk + (groups - 1) * m.next_rows + 128);
}

// The 64 x 8 kTiles sums of step s, or NaN if an operand would end beyond shared memory.
template <class Case>
__global__ void __launch_bounds__(kGroup, 1) one_product(int s, Exchange exchange, float* out) {
#ifdef FLASHRNA_WGMMA
  fill_shared();
  const CudaWarpgroupBlock block(shared_memory);
  float sums[Case::kTiles][4];
  for (int n = 0; n < Case::kTiles; ++n)
    for (int i = 0; i < 4; ++i) sums[n][i] = NAN;  // overwritten by the product
  auto right = Case::right(s);
  if (exchange == Exchange::kRight) right = exchanged(right);
  const bool right_fits = end_of(right, Case::kTiles) <= kSharedBytes;
  if constexpr (std::is_base_of_v<FromRegisters, Case>) {
    const int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = 2 * (threadIdx.x % 4);
    std::uint32_t p[4];
    for (int i = 0; i < 4; ++i) {
      p[i] =
          *reinterpret_cast<const std::uint32_t*>(shared_memory + 2 * element(row + i % 2 * 8, column + i / 2 * 8, 64));
    }
    if (right_fits) {
      pin(block, sums);
      block.begin_products();
      block.group_multiply(sums, p[0], p[1], p[2], p[3], right, false);
      block.commit_products();
      block.template wait_products<0>();
      pin(block, sums);
    }
  } else {
    auto left = Case::left(s);
    if (exchange == Exchange::kLeft) left = exchanged(left);
    if (right_fits && end_of(left, 8) <= kSharedBytes) {
      pin(block, sums);
      block.begin_products();
      block.group_multiply(sums, left, right, false);
      block.commit_products();
      block.template wait_products<0>();
      pin(block, sums);
    }
  }
  const int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = 2 * (threadIdx.x % 4);
  for (int n = 0; n < Case::kTiles; ++n)
    for (int i = 0; i < 4; ++i) out[(row + i / 2 * 8) * 8 * Case::kTiles + 8 * n + column + i % 2] = sums[n][i];
#endif
}

struct Wrong {
  int sums = 0, of = 0, left_out = 0;  // steps left out because they would read beyond shared memory
};

template <class Case>
Wrong wrong_sums(Exchange exchange) {
  constexpr int kColumns = 8 * Case::kTiles;
  Wrong wrong;
  for (int s = 0; s < Case::kSteps; ++s) {
    const DeviceArray<float> out(std::vector<float>(64 * kColumns, 0.0f));
    launch_kernel({}, Case::kName, one_product<Case>, 1, kGroup, kSharedBytes, s, exchange, out.data());
    const std::vector<float> got = out.read(Case::kName);
    if (exchange != Exchange::kNothing && std::isnan(got[0])) {
      ++wrong.left_out;
      continue;
    }
    for (int i = 0; i < 64; ++i) {
      for (int j = 0; j < kColumns; ++j) {
        int expected = 0;
        for (int k = 0; k < 16; ++k) expected += hashed(Case::left_half(s, i, k)) * hashed(Case::right_half(s, j, k));
        if (got[i * kColumns + j] != static_cast<float>(expected)) ++wrong.sums;
        ++wrong.of;
      }
    }
  }
  return wrong;
}

template <class Case>
bool report_designed() {
  const Wrong wrong = wrong_sums<Case>(Exchange::kNothing);
  std::printf("a\t%s, %d steps\t%d of %d sums wrong\n", Case::kName, Case::kSteps, wrong.sums, wrong.of);
  return wrong.sums == 0;
}

// Whether the case is sensitive to its strides: with exchanged strides most sums must differ.
template <class Case, Exchange exchange>
bool report_exchanged() {
  const Wrong wrong = wrong_sums<Case>(exchange);
  std::printf("a\t%s, strides of %s exchanged\t%d of %d sums differ", Case::kName,
              exchange == Exchange::kLeft ? "A" : "B", wrong.sums, wrong.of);
  if (wrong.left_out > 0) std::printf(", %d steps left out", wrong.left_out);
  std::printf("\n");
  return 2 * wrong.sums > wrong.of || wrong.of == 0;
}

// ---- b, c: rates ----

constexpr int kRounds = 200;

// Cycles of kRounds times the steps of Q K^T in each of the block's two warpgroups. Layout 0 is that of forward, at
// `beyond` bytes after multiples of 128. Layout 1 is the 128-byte swizzle, four steps per panel of 64 columns.
template <int layout, int beyond>
__global__ void __launch_bounds__(2 * kGroup, 1) rate_n96(long long* cycles, float* sink) {
#ifdef FLASHRNA_WGMMA
  fill_shared();
  const CudaWarpgroupBlock block(shared_memory);
  constexpr int kKeysAt = 52 * 1024 + beyond, kSteps = logit_steps(kLayout);
  const int group = threadIdx.x / kGroup;
  float d[12][4] = {};
  const long long start = clock64();
#pragma unroll 1
  for (int round = 0; round < kRounds; ++round) {
    pin(block, d);
    block.begin_products();
#pragma unroll
    for (int s = 0; s < kSteps; ++s) {
      if constexpr (layout == 0) {
        const Step step = logit_step(kLayout, s);
        block.group_multiply(d, chunks_of_rows<128>(beyond, step.a, 64 * group), chunks_of_rows<96>(kKeysAt, step.b),
                             s > 0);
      } else {
        const std::uint32_t in_panel = 32 * (s % 4), a = 2 * 64 * 256 * group, b = 2 * 2 * 64 * 256;
        block.group_multiply(d, GroupMatrix{a + 2 * 64 * 64 * (s / 4) + in_panel, 16, 1024, 1},
                             GroupMatrix{b + 2 * 96 * 64 * (s / 4) + in_panel, 16, 1024, 1}, s > 0);
      }
    }
    block.commit_products();
    block.template wait_products<0>();
    pin(block, d);
  }
  const long long end = clock64();
  for (int i = 0; i < 48; ++i) sink[threadIdx.x] += d[i / 4][i % 4];
  if (threadIdx.x == 0) *cycles = end - start;
#endif
}

// Cycles of kRounds times (6 x m64n192k16, then 12 x m64n40k16 if `narrow`), A in registers, in two warpgroups.
template <bool narrow>
__global__ void __launch_bounds__(2 * kGroup, 1) rate_n40(long long* cycles, float* sink) {
#ifdef FLASHRNA_WGMMA
  fill_shared();
  const CudaWarpgroupBlock block(shared_memory);
  float wide[24][4] = {}, points[5][4] = {};
  const std::uint32_t p[4] = {threadIdx.x & 1, 0, 0, 0};
  const long long start = clock64();
#pragma unroll 1
  for (int round = 0; round < kRounds; ++round) {
    pin(block, wide);
    pin(block, points);
    block.begin_products();
#pragma unroll
    for (int s = 0; s < 6; ++s) {
      block.group_multiply(wide, p[0], p[1], p[2], p[3], Forward::values_of(0, s, 0), s > 0);
      if (!narrow) continue;
      block.group_multiply(points, p[0], p[1], p[2], p[3], Forward::values_of(0, s, 192), s > 0);
      block.group_multiply(points, p[0], p[1], p[2], p[3], Forward::values_of(0, s, 232), true);
    }
    block.commit_products();
    block.template wait_products<0>();
    pin(block, wide);
    pin(block, points);
  }
  const long long end = clock64();
  for (int i = 0; i < 96; ++i) sink[threadIdx.x] += wide[i / 4][i % 4];
  for (int i = 0; i < 20; ++i) sink[threadIdx.x] += points[i / 4][i % 4];
  if (threadIdx.x == 0) *cycles = end - start;
#endif
}

double cycles_of(const char* what, void (*kernel)(long long*, float*)) {
  const DeviceArray<float> sink(std::vector<float>(2 * kGroup, 0.0f));
  long long fewest = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const DeviceArray<long long> cycles(std::vector<long long>{0});
    launch_kernel({}, what, kernel, 1, 2 * kGroup, kSharedBytes, cycles.data(), sink.data());
    const long long taken = cycles.read(what)[0];
    fewest = repeat == 0 ? taken : std::min(fewest, taken);
  }
  return static_cast<double>(fewest) / kRounds;
}

template <int layout, int beyond>
bool report_rate_n96() {
  // The products of both warpgroups share the same four tensor cores.
  const double cycles = cycles_of("rate of n96", rate_n96<layout, beyond>) / (2 * logit_steps(kLayout));
  std::printf("b\tm64n96k16, %s, %d beyond a multiple of 128\t%.1f cycles, %.1f %% of the full rate\n",
              layout == 0 ? "no swizzle" : "128-byte swizzle", beyond, cycles, 100 * 48 / cycles);
  return true;
}

bool report_rate_n40() {
  const double wide = cycles_of("rate of n192", rate_n40<false>) / 12,
               both = cycles_of("rate of n192 and n40", rate_n40<true>) / 12;
  std::printf("c\tm64n192k16 alone\t%.1f cycles, full rate 96\n", wide);
  std::printf("c\tm64n192k16 and two m64n40k16\t%.1f cycles, full rate 136\n", both);
  return true;
}

// ---- d: accumulation ----

// D = c + sum of 16 products a_k b_k, at row 0 and column 0 of m64n96k16.
struct Sum {
  float c, a[16], b[16];
};
__global__ void __launch_bounds__(kGroup, 1) add_up(const Sum sum, float* out) {
#ifdef FLASHRNA_WGMMA
  constexpr int kRightAt = 2 * 64 * 16;
  __half* halves = reinterpret_cast<__half*>(shared_memory);
  for (int i = threadIdx.x; i < 64 * 16; i += kGroup) halves[element(i / 16, i % 16, 64)] = __float2half(sum.a[i % 16]);
  for (int i = threadIdx.x; i < 96 * 16; i += kGroup)
    halves[kRightAt / 2 + element(i / 16, i % 16, 96)] = __float2half(sum.b[i % 16]);
  publish();
  const CudaWarpgroupBlock block(shared_memory);
  const int both[2] = {0, 1};
  float d[12][4];
  for (int i = 0; i < 48; ++i) d[i / 4][i % 4] = sum.c;
  pin(block, d);
  block.begin_products();
  block.group_multiply(d, chunks_of_rows<64>(0, both), chunks_of_rows<96>(kRightAt, both), true);
  block.commit_products();
  block.template wait_products<0>();
  pin(block, d);
  if (threadIdx.x == 0) *out = d[0][0];
#endif
}
double device_sum(const Sum& sum) {
  const DeviceArray<float> out(std::vector<float>{NAN});
  launch_kernel({}, "accumulation", add_up, 1, kGroup, (64 + 96) * 16 * sizeof(__half), sum, out.data());
  return static_cast<double>(out.read("accumulation")[0]);
}

// Sums 1 (from the accumulator if `carried`, else from a product), a product -1, and 14 terms sign 2^-e. Returns what
// is left of these terms after the ones cancel. A half cannot hold 2^-e for e > 24, but a product of two halves can.
double left_of(bool carried, float sign, int e) {
  Sum sum{};
  for (int k = 0; k < 16; ++k) {
    sum.a[k] = sign * std::ldexp(1.0f, -(e / 2));
    sum.b[k] = std::ldexp(1.0f, -(e - e / 2));
  }
  sum.c = carried ? 1.0f : 0.0f;
  sum.a[0] = carried ? 0.0f : 1.0f;
  sum.a[1] = -1.0f;
  sum.b[0] = sum.b[1] = 1.0f;
  return device_sum(sum);
}

// The largest e for which no bit is lost.
int bits_kept(bool carried) {
  int bits = 0;
  for (int e = 1; e <= 40; ++e)
    if (left_of(carried, 1.0f, e) == std::ldexp(14.0, -e)) bits = e;
  return bits;
}

bool report_accumulation() {
  for (const bool carried : {false, true}) {
    const int bits = bits_kept(carried);
    std::printf(
        "d\tbeside a %s 1 terms keep\t%d bits behind the point; one further, 14 terms of + and - give %g and %g\n",
        carried ? "carried" : "product of", bits, left_of(carried, 1.0f, bits + 1), left_of(carried, -1.0f, bits + 1));
  }
  // 1 + 1.5 x 2^-23 is halfway between two f32 numbers; the even one is the larger.
  Sum sum{};
  sum.a[0] = sum.b[0] = 1.0f;
  sum.a[1] = 3.0f;
  sum.b[1] = std::ldexp(1.0f, -24);
  const double up = (device_sum(sum) - 1.0) * 0x1p23;
  sum.a[0] = -1.0f;
  sum.a[1] = -3.0f;
  const double down = (device_sum(sum) + 1.0) * 0x1p23;
  std::printf("d\t1 + 1.5 units of f32's last place, and its negative, become\t1 + %g and -1 + %g units\n", up, down);
  return true;
}

// ---- one process per question ----

bool report_device() {
  cudaDeviceProp device;
  check_cuda(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
  std::printf("device\t%s\n", device.name);
  if (device.major == 9) return true;
  std::fprintf(stderr, "error: capability %d.%d; this needs 9.0\n", device.major, device.minor);
  return false;
}

struct Question {
  char letter;
  const char* name;
  bool (*report)();
};

// Runs a question in a child process, because the parent must not use the device. Returns whether it was answered with
// the expected result.
bool is_answered(const Question& question) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(kSecondsPerQuestion);
    bool right = false;
    try {
      right = question.report();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "error: %s: %s\n", question.name, error.what());
    }
    std::fflush(nullptr);
    _exit(right ? 0 : 1);
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  if (WIFSIGNALED(status))
    std::fprintf(stderr, "error: %s: ended by signal %d (%s)\n", question.name, WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <class Case>
constexpr Question kDesigned{'a', Case::kName, report_designed<Case>};
template <class Case, Exchange exchange>
constexpr Question kExchanged{'a', Case::kName, report_exchanged<Case, exchange>};

constexpr Question kQuestions[] = {
    kDesigned<ForwardLogits>,
    kDesigned<MainValues>,
    kDesigned<HiPoints>,
    kDesigned<LoPoints>,
    kDesigned<BackwardLogits>,
    kDesigned<GradientTimesValues>,
    kDesigned<SlopesTimesKeys>,
    kDesigned<KeyLogits>,
    kDesigned<ValuesTimesGradient>,
    kDesigned<ProbabilitiesTimesGradient>,
    {'b', "rate of n96", report_rate_n96<0, 0>},
    {'b', "rate of n96, 32 bytes on", report_rate_n96<0, 32>},
    {'b', "rate of n96 with swizzle", report_rate_n96<1, 0>},
    {'c', "rate of n40", report_rate_n40},
    {'d', "accumulation", report_accumulation},
    kExchanged<ForwardLogits, Exchange::kLeft>,
    kExchanged<ForwardLogits, Exchange::kRight>,
    kExchanged<MainValues, Exchange::kRight>,
    kExchanged<HiPoints, Exchange::kRight>,
    kExchanged<GradientTimesValues, Exchange::kRight>,
    kExchanged<ValuesTimesGradient, Exchange::kLeft>,
    kExchanged<SlopesTimesKeys, Exchange::kRight>,
    kExchanged<ProbabilitiesTimesGradient, Exchange::kRight>,
};

}  // namespace
}  // namespace flashrna

int main(int argc, char** argv) {
  using namespace flashrna;
  const char* letters = argc > 1 ? argv[1] : "abcd";
  if (!is_answered({' ', "device", report_device})) return 1;
  int failed = 0, asked = 0;
  for (const Question& question : kQuestions) {
    if (std::strchr(letters, question.letter) == nullptr) continue;
    ++asked;
    if (!is_answered(question)) ++failed;
  }
  if (failed > 0) std::fprintf(stderr, "error: %d of %d questions\n", failed, asked);
  return failed > 0 || asked == 0 ? 1 : 0;
}
