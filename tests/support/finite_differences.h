// Compares gradients by autograd with central differences.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "kernels/torch_headers.h"

namespace flashrna {

// Largest difference between the autograd gradient of the scalar function `f` at the f64 tensor `at_point` and its
// central differences with `step`, relative to the largest component of the gradient.
inline double gradient_error(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& at_point,
                             double step = 1e-6) {
  const at::Tensor variable = at_point.detach().clone().requires_grad_();
  f(variable).backward();
  const at::Tensor gradient = variable.grad();
  const at::NoGradGuard no_grad;
  at::Tensor differences = at::empty_like(gradient), shifted = at_point.detach().clone().contiguous();
  for (int64_t i = 0; i < shifted.numel(); ++i) {
    double* value = shifted.mutable_data_ptr<double>() + i;
    const double original = *value;
    *value = original + step;
    const double above = f(shifted).item<double>();
    *value = original - step;
    const double below = f(shifted).item<double>();
    *value = original;
    differences.mutable_data_ptr<double>()[i] = (above - below) / (2 * step);
  }
  return (gradient - differences).abs().max().item<double>() / gradient.abs().max().item<double>();
}

}  // namespace flashrna
