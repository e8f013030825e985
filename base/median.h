#pragma once

#include <vector>

namespace flashrna {

// The mean of the middle two of an even number; NaN of none. Linear in the number of values.
double median(std::vector<double> values);

}  // namespace flashrna
