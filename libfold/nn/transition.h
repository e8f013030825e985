// The residual perceptron on the single representation (AlphaFold's structure module transition).
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"

namespace flashrna {

class TransitionImpl : public torch::nn::Module {
 public:
  explicit TransitionImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& single);  // [B, L, C] -> [B, L, C]

 private:
  Linear linear_1{nullptr}, linear_2{nullptr}, linear_3{nullptr};
  torch::nn::LayerNorm ln{nullptr};
};
TORCH_MODULE(Transition);

}  // namespace flashrna
