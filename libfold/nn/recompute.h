// Activation recomputation (Chen et al., arXiv:1604.06174): stores the activations of one block instead of all, at the
// cost of a second forward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace flashrna {

using TensorFunction = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

// Evaluates function(inputs) and stores only the inputs. Backward runs the function again, under the same autocast
// state, and propagates gradients to the inputs and to the parameters that it uses. All tensors must be defined.
// Objects that the function captures must live until backward, and the function must be deterministic. An output that
// is an input must be a copy of it. Not differentiable twice.
std::vector<at::Tensor> recomputed(const TensorFunction& function, const std::vector<at::Tensor>& inputs);

// A group is a tensor or a struct of tensors. For each kind there are two functions: tensors_of lists the defined
// tensors of a group, and set_tensors, given a list of that length, puts them into an empty group.
inline std::vector<at::Tensor> tensors_of(const at::Tensor& tensor) { return {tensor}; }
inline void set_tensors(const std::vector<at::Tensor>& tensors, at::Tensor& tensor) { tensor = tensors[0]; }

// The same for a function of groups that returns a group.
template <typename Function, typename... Groups>
auto recomputed_groups(const Function& function, const Groups&... groups) {
  std::vector<at::Tensor> inputs;
  std::vector<std::size_t> sizes;
  const auto add = [&](const std::vector<at::Tensor>& tensors) {
    sizes.push_back(tensors.size());
    inputs.insert(inputs.end(), tensors.begin(), tensors.end());
  };
  (add(tensors_of(groups)), ...);
  const auto on_tensors = [function, sizes](const std::vector<at::Tensor>& tensors) {
    auto size = sizes.begin();
    auto begin = tensors.begin();
    const auto take = [&]<typename Group>(std::type_identity<Group>) {
      const auto end = begin + static_cast<std::ptrdiff_t>(*size++);
      Group group;
      set_tensors({std::exchange(begin, end), end}, group);
      return group;
    };
    // Braces, unlike parentheses, evaluate from left to right.
    const std::tuple<Groups...> taken{take(std::type_identity<Groups>())...};
    return tensors_of(std::apply(function, taken));
  };
  std::invoke_result_t<Function, const Groups&...> result;
  set_tensors(recomputed(on_tensors, inputs), result);
  return result;
}

}  // namespace flashrna
