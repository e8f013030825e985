// Wasserstein distance of order 1 between two samples of numbers: the area between their distribution functions.
// Samples may differ in size; every value weighs the same. Time n log n, memory n.
#pragma once

#include <span>

namespace flashrna {

// On the line, in the unit of the values. Throws Error if a sample is empty or holds a value that is not finite.
double wasserstein_distance(std::span<const double> a, std::span<const double> b);

// On the circle of circumference 2π, for angles in radians, any multiple of 2π added; in [0, π]. The distribution
// functions may start anywhere on the circle, which adds a constant to their difference: the best one is its median
// (Werman et al. 1986; Rabin et al. 2011, doi:10.1007/s10851-011-0284-0). Throws as above.
double circular_wasserstein_distance(std::span<const double> a, std::span<const double> b);

}  // namespace flashrna
