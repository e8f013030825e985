#pragma once

#include <vector>

namespace flashrna {

// For an even count the mean of the two middle values; NaN for no values. Takes linear time.
double median(std::vector<double> values);

}  // namespace flashrna
