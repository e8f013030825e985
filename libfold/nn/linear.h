// Linear layers of the network. Their products are where training.precision = tf32 applies (libfold/mixed_precision.h).
#pragma once

#include "kernels/torch_headers.h"

namespace flashrna {

// x W^T + b, b may be undefined. On a CUDA device inside ScopedTf32 the factors of the products are rounded to TF32,
// in backward too; their sums are f32.
at::Tensor linear_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

// torch::nn::Linear with these products.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  using torch::nn::LinearImpl::LinearImpl;
  at::Tensor forward(const at::Tensor& x) { return linear_product(x, weight, bias); }
};
TORCH_MODULE(Linear);

}  // namespace flashrna
