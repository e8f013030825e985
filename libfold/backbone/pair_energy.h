// Deviation of requested base pairs from canonical geometry, as an energy to minimize.
#pragma once

#include <ATen/ATen.h>

#include "base/degree.h"

namespace flashrna {

// Medians of the canonical pairs of X-ray structures, and weights. The medians agree: at these angles and this C1'-C1'
// distance, N-N is 8.9 Å in a flat pair only. (With 10.5 Å for C1'-C1', a pair has to twist by 60 degrees.)
inline constexpr double kPairC1Distance = 10.62;  // Å
inline constexpr double kPairNDistance = 8.92;    // Å
inline constexpr double kPairLambdaCosine = 0.579;
inline constexpr double kPairTorsion = -6.0 * kDegree;  // N-C1'-C1'-N
inline constexpr double kPairDistanceWeight = 2.0;
inline constexpr double kPairAngleWeight = 10.0;
inline constexpr double kPairTorsionWeight = 5.0;

// c1, n [B, L, 3] Å: C1' and the glycosidic nitrogen; partner [B, L] i64, negative if unpaired. Returns a scalar, the
// sum over the paired residues i with partner j (each pair counts in both directions) of
//   2 h(|C1'C1'| - 10.62 Å) + 2 h(|NN| - 8.92 Å) + 10 (cos λ_i - 0.579)² + 5 (1 - cos(ψ + 6°)),
// where h(x) = sqrt(1 + x²) - 1, λ_i is the angle between C1'->N of i and C1' of i -> C1' of j, and ψ the torsion
// N-C1'-C1'-N. The distance terms grow linearly beyond a few Å, so that one distant pair does not outweigh a helix.
at::Tensor pair_energy(const at::Tensor& c1, const at::Tensor& n, const at::Tensor& partner);

}  // namespace flashrna
