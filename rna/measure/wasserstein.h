// Wasserstein distance of order 1 between two samples of numbers: the area between their distribution functions.
// Samples may differ in size; all values have equal weight. Time n log n, memory n.
#pragma once

#include <span>

namespace flashrna {

// On the line, in the unit of the values. Throws Error if a sample is empty or contains a non-finite value.
double wasserstein_distance(std::span<const double> a, std::span<const double> b);

// On the circle of circumference 2π, for angles in radians (any multiple of 2π may be added); in [0, π]. The starting
// point of the distribution functions on the circle is arbitrary and adds a constant to their difference. The optimal
// constant is the median of the difference (Werman et al. 1986; Rabin et al. 2011, doi:10.1007/s10851-011-0284-0).
// Throws as above.
double circular_wasserstein_distance(std::span<const double> a, std::span<const double> b);

}  // namespace flashrna
