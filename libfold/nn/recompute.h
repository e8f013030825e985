// Activation recomputation (Chen et al., arXiv:1604.06174): memory of one block instead of all, for one more forward.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace flashrna {

using TensorFunction = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

// function(inputs), of which only the inputs are kept: backward runs the function again, under the autocast it ran
// under before, and passes gradients on to the inputs and to the parameters it uses. All tensors are defined; what the
// function captures must live until backward, and it must give the same result twice. An input is an output only
// through a copy. Not differentiable twice.
std::vector<at::Tensor> recomputed(const TensorFunction& function, const std::vector<at::Tensor>& inputs);

}  // namespace flashrna
