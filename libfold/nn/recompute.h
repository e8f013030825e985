// Activation recomputation (Chen et al., arXiv:1604.06174): stores the activations of one block instead of all, at the
// cost of a second forward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace flashrna {

using TensorFunction = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

// Evaluates function(inputs) and stores only the inputs. Backward runs the function again, under the same autocast
// state, and propagates gradients to the inputs and to the parameters that it uses. All tensors must be defined.
// Objects that the function captures must live until backward, and the function must be deterministic. An output that
// is an input must be a copy of it. Not differentiable twice.
std::vector<at::Tensor> recomputed(const TensorFunction& function, const std::vector<at::Tensor>& inputs);

}  // namespace flashrna
