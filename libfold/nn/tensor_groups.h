// Runs functions of named tensors where only lists of tensors are allowed (recompute.h).
//
// A group is a tensor or a struct of tensors. For each kind there are two functions: tensors_of lists the defined
// tensors of a group, and set_tensors, given a list of that length, puts them into an empty group.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "libfold/nn/recompute.h"

namespace flashrna {

inline std::vector<at::Tensor> tensors_of(const at::Tensor& tensor) { return {tensor}; }
inline void set_tensors(const std::vector<at::Tensor>& tensors, at::Tensor& tensor) { tensor = tensors[0]; }

// The result of function(groups...), a group. `run` gets the function as one of lists of tensors, and its input:
// run(TensorFunction, std::vector<Tensor>) -> std::vector<Tensor>.
template <typename Run, typename Function, typename... Groups>
auto run_on_groups(const Run& run, const Function& function, const Groups&... groups) {
  std::vector<at::Tensor> inputs;
  std::vector<std::size_t> sizes;
  const auto add = [&](const std::vector<at::Tensor>& tensors) {
    sizes.push_back(tensors.size());
    inputs.insert(inputs.end(), tensors.begin(), tensors.end());
  };
  (add(tensors_of(groups)), ...);
  const TensorFunction on_lists = [function, sizes](const std::vector<at::Tensor>& tensors) {
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
  set_tensors(run(on_lists, inputs), result);
  return result;
}

}  // namespace flashrna
