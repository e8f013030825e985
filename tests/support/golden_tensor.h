// Golden numbers as tensors, and comparisons that print the error found.
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "tests/support/golden_file.h"

namespace flashrna {

// The dataset as f64.
at::Tensor golden_tensor(const GoldenFile& file, const std::string& path);

// max |got - expected| / max |expected|; max |got| if all expected values are zero. NaN counts as infinite.
double relative_error(const at::Tensor& got, const at::Tensor& expected);

// Expects relative_error <= allowed and prints "name: error (allowed ...)" in any case. A failure also prints the index
// and both values there.
void expect_close(const std::string& name, const at::Tensor& got, const at::Tensor& expected, double allowed);

// Derivative along R exp([w]x) at w = 0 from the plain matrix gradient G of R: [..., 3, 3] -> [..., 3].
at::Tensor tangent_gradient(const at::Tensor& rotations, const at::Tensor& gradient);

}  // namespace flashrna
