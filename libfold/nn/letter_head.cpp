#include "libfold/nn/letter_head.h"

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;

LetterHeadImpl::LetterHeadImpl(int64_t node_channels) {
  linear_1 = register_module("linear_1", Linear(node_channels, node_channels));
  linear_out = register_module("linear_out", Linear(node_channels, 4));
}

Tensor LetterHeadImpl::forward(const Tensor& single) { return full_precision(linear_out(at::relu(linear_1(single)))); }

}  // namespace flashrna
