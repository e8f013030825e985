#include "libfold/nn/transition.h"

namespace flashrna {

using at::Tensor;

TransitionImpl::TransitionImpl(int64_t channels) {
  linear_1 = register_module("linear_1", Linear(channels, channels));
  linear_2 = register_module("linear_2", Linear(channels, channels));
  linear_3 = register_module("linear_3", Linear(channels, channels));
  ln = register_module("ln", torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels})));
}

Tensor TransitionImpl::forward(const Tensor& single) {
  Tensor hidden = linear_1(single).relu_();
  hidden = linear_2(hidden).relu_();
  return ln(single + linear_3(hidden));
}

}  // namespace flashrna
