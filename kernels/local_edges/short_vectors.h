// Vectors of a fixed number of values, as GCC and Clang provide them, and products of small matrices. One source
// compiles to the instructions of each CPU: a vector of 64 bytes is one AVX-512 register, or two or four smaller ones.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace flashrna {

#define FLASHRNA_INLINE [[gnu::always_inline]] inline

template <typename T, int kCount>
struct VectorOf {
  using type [[gnu::vector_size(kCount * sizeof(T))]] = T;
};
template <typename T, int kCount>
using Vector = typename VectorOf<T, kCount>::type;

inline constexpr int kWideBytes = 64;
template <typename T>
inline constexpr int kWide = kWideBytes / static_cast<int>(sizeof(T));  // values of a wide vector
template <typename T>
using WideVector = Vector<T, kWide<T>>;

template <typename V, typename T>
FLASHRNA_INLINE void load(V& to, const T* from) {
  std::memcpy(&to, from, sizeof(V));
}
template <typename V, typename T>
FLASHRNA_INLINE void store(T* to, const V& from) {
  std::memcpy(to, &from, sizeof(V));
}
template <typename V, typename T>
FLASHRNA_INLINE void fill(V& to, T value) {
  for (std::size_t i = 0; i < sizeof(V) / sizeof(T); ++i) to[i] = value;
}

// x = exp(x) for x <= 0, with an error of 2 units in the last place; 0 or below 2e-38 for x < -87.
template <typename V>
FLASHRNA_INLINE void exponential(V& x, float) {
  constexpr int kCount = sizeof(V) / sizeof(float);
  using Bits = Vector<std::int32_t, kCount>;
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, held by the lowest bits
  x = x > -87.0f ? x : V{} - 87.0f;
  const V shifted = x * 1.44269504088896341f + kMagic;
  const V n = shifted - kMagic;
  // Cephes: log 2 in two parts, and a polynomial on [-log 2 / 2, log 2 / 2].
  const V r = x - n * 0.693359375f + n * 2.12194440e-4f;
  V p = V{} + 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + (r + 1.0f);
  Bits power, bits;
  std::memcpy(&power, &shifted, sizeof(V));
  std::memcpy(&bits, &p, sizeof(V));
  bits += power << 23;  // multiplies by 2^n; the bits of kMagic are shifted out
  std::memcpy(&x, &bits, sizeof(V));
}
template <typename V>
FLASHRNA_INLINE void exponential(V& x, double) {
  for (std::size_t i = 0; i < sizeof(V) / sizeof(double); ++i) x[i] = std::exp(x[i]);
}

// C = S + A B for small matrices: C [M, N], A [M, K], B [K, N]. N is a multiple of the vector's length.
template <typename T>
struct Product {
  std::int64_t M, N, K;
  const T* a;
  std::int64_t a_row, a_column;  // A(m, k) = a[m * a_row + k * a_column]
  const T* b;
  std::int64_t b_row;
  T* c;
  std::int64_t c_row;
  const T* start = nullptr;  // S; null is zero, c itself adds to what is there
  std::int64_t start_row = 0;
  bool rectify = false;  // C = max(S + A B, 0)
};

// V, or a shorter vector that fits a register of kBytes. GCC keeps longer vectors in memory.
template <typename V, typename T, int kBytes>
using RegisterVector =
    Vector<T, (sizeof(V) < kBytes ? static_cast<int>(sizeof(V)) : kBytes) / static_cast<int>(sizeof(T))>;

// kRows rows and kVectors vectors of C from (m, n) on, held in registers.
template <typename V, int kRows, int kVectors, typename T>
FLASHRNA_INLINE void multiply_tile(const Product<T>& p, std::int64_t m, std::int64_t n) {
  constexpr int kCount = sizeof(V) / sizeof(T);
  V sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      sums[i][j] = V{};
      if (p.start != nullptr) load(sums[i][j], p.start + (m + i) * p.start_row + n + j * kCount);
    }
  }
  const T *a = p.a + m * p.a_row, *b = p.b + n;
  for (std::int64_t k = 0; k < p.K; ++k, a += p.a_column, b += p.b_row) {
    V row[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) load(row[j], b + j * kCount);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const T factor = a[i * p.a_row];
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) sums[i][j] += factor * row[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      if (p.rectify) sums[i][j] = sums[i][j] > T(0) ? sums[i][j] : V{};
      store(p.c + (m + i) * p.c_row + n + j * kCount, sums[i][j]);
    }
  }
}

template <typename V, int kRows, int kVectors, typename T>
FLASHRNA_INLINE void multiply_columns(const Product<T>& p, std::int64_t n) {
  std::int64_t m = 0;
  for (; m + kRows <= p.M; m += kRows) multiply_tile<V, kRows, kVectors>(p, m, n);
  if constexpr (kRows > 4) {
    for (; m + 4 <= p.M; m += 4) multiply_tile<V, 4, kVectors>(p, m, n);
  }
  for (; m + 2 <= p.M; m += 2) multiply_tile<V, 2, kVectors>(p, m, n);
  for (; m < p.M; ++m) multiply_tile<V, 1, kVectors>(p, m, n);
}

// At most kRows rows and kVectors vectors of a row at once: 4 and 4 fill the registers of AVX-512, 6 and 2 those of
// AVX2.
template <typename V, int kRows, int kVectors, typename T>
FLASHRNA_INLINE void multiply_matrices(const Product<T>& p) {
  constexpr int kCount = sizeof(V) / sizeof(T);
  std::int64_t n = 0;
  for (; n + kVectors * kCount <= p.N; n += kVectors * kCount) multiply_columns<V, kRows, kVectors>(p, n);
  if constexpr (kVectors > 3) {
    if (n + 3 * kCount <= p.N) multiply_columns<V, kRows, 3>(p, n), n += 3 * kCount;
  }
  if constexpr (kVectors > 2) {
    if (n + 2 * kCount <= p.N) multiply_columns<V, kRows, 2>(p, n), n += 2 * kCount;
  }
  for (; n < p.N; n += kCount) multiply_columns<V, kRows, 1>(p, n);
}

// The matrix products of each instruction set. A function for AVX2 or AVX-512 may run on CPUs that have it only.
struct AnyCpu {
  template <typename V, typename T>
  [[gnu::noinline]] static void multiply(const Product<T>& p) {
    multiply_matrices<RegisterVector<V, T, 16>, 4, 2>(p);
  }
};
#if defined(__x86_64__)
#define FLASHRNA_AVX2 gnu::target("avx2,fma")
#define FLASHRNA_AVX512 gnu::target("avx512f,avx512dq,avx512vl,avx2,fma")
struct Avx2 {
  template <typename V, typename T>
  [[gnu::noinline, FLASHRNA_AVX2]] static void multiply(const Product<T>& p) {
    multiply_matrices<RegisterVector<V, T, 32>, 6, 2>(p);
  }
};
struct Avx512 {
  template <typename V, typename T>
  [[gnu::noinline, FLASHRNA_AVX512]] static void multiply(const Product<T>& p) {
    multiply_matrices<RegisterVector<V, T, 64>, 4, 4>(p);
  }
};
#endif

}  // namespace flashrna
