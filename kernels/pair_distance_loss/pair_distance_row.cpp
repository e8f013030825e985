#include "kernels/pair_distance_loss/pair_distance_row.h"

#include <algorithm>

#include "kernels/pair_distance_loss/pair_distance_term.h"

namespace flashrna {
namespace {

constexpr std::int64_t kStepsPerFlush = 16;  // number of steps after which sums of type T are added to f64 sums

// The sums are arrays of kPairDistanceLanes, which the compiler keeps in vector registers. Their order is explicit and
// no multiplication is fused with an addition, so the result does not depend on the vector width.
template <typename T, bool kGradient>
[[gnu::always_inline]] inline double compute_row(const PairDistanceAtoms<T>& atoms, std::int64_t i, double* gradient) {
  const T *x0 = atoms.predicted[0], *x1 = atoms.predicted[1], *x2 = atoms.predicted[2];
  const T *y0 = atoms.truth[0], *y1 = atoms.truth[1], *y2 = atoms.truth[2];
  const T xi0 = x0[i], xi1 = x1[i], xi2 = x2[i], yi0 = y0[i], yi1 = y1[i], yi2 = y2[i];
  double loss = 0.0, pull[3] = {0.0, 0.0, 0.0};
  for (std::int64_t flush = 0; flush < atoms.n; flush += kPairDistanceLanes * kStepsPerFlush) {
    T sum[kPairDistanceLanes] = {}, g0[kPairDistanceLanes] = {}, g1[kPairDistanceLanes] = {},
      g2[kPairDistanceLanes] = {};
    const std::int64_t end = std::min(atoms.n, flush + kPairDistanceLanes * kStepsPerFlush);
    for (std::int64_t j = flush; j < end; j += kPairDistanceLanes) {
      for (std::int64_t lane = 0; lane < kPairDistanceLanes; ++lane) {
        const T dx = xi0 - x0[j + lane], dy = xi1 - x1[j + lane], dz = xi2 - x2[j + lane];
        const T ex = yi0 - y0[j + lane], ey = yi1 - y1[j + lane], ez = yi2 - y2[j + lane];
        const PairDistanceTerm<T> term = pair_distance_term(dx, dy, dz, ex, ey, ez, atoms.weight[j + lane]);
        sum[lane] += term.error * term.error;
        if constexpr (kGradient) {
          g0[lane] += term.factor * dx;
          g1[lane] += term.factor * dy;
          g2[lane] += term.factor * dz;
        }
      }
    }
    for (std::int64_t lane = 0; lane < kPairDistanceLanes; ++lane) {
      loss += sum[lane];
      if constexpr (kGradient) {
        pull[0] += g0[lane];
        pull[1] += g1[lane];
        pull[2] += g2[lane];
      }
    }
  }
  if constexpr (kGradient) {
    for (int d = 0; d < 3; ++d) gradient[d] = 4.0 * pull[d];
  }
  return loss;
}

template <typename T>
double row_of_any_cpu(const PairDistanceAtoms<T>& atoms, std::int64_t i, double* gradient) {
  return gradient != nullptr ? compute_row<T, true>(atoms, i, gradient) : compute_row<T, false>(atoms, i, gradient);
}

#if defined(__x86_64__)
template <typename T>
[[gnu::target("avx2")]] double row_of_avx2(const PairDistanceAtoms<T>& atoms, std::int64_t i, double* gradient) {
  return gradient != nullptr ? compute_row<T, true>(atoms, i, gradient) : compute_row<T, false>(atoms, i, gradient);
}
#endif

template <typename T>
auto row_of_this_cpu() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return row_of_avx2<T>;
#endif
  return row_of_any_cpu<T>;
}

}  // namespace

template <typename T>
double pair_distance_row(const PairDistanceAtoms<T>& atoms, std::int64_t i, double* gradient) {
  static const auto row = row_of_this_cpu<T>();
  return row(atoms, i, gradient);
}

template double pair_distance_row(const PairDistanceAtoms<float>&, std::int64_t, double*);
template double pair_distance_row(const PairDistanceAtoms<double>&, std::int64_t, double*);

}  // namespace flashrna
