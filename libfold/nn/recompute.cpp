#include "libfold/nn/recompute.h"

#include "kernels/torch_headers.h"
#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// State that backward needs besides the tensors.
struct SavedFunction : torch::CustomClassHolder {
  TensorFunction function;
  bool autocast = false, tf32 = false;
};

class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  static variable_list forward(AutogradContext* context, const TensorFunction& function, at::TensorList inputs) {
    auto saved = c10::make_intrusive<SavedFunction>();
    saved->function = function;
    saved->autocast = autocast_enabled(inputs[0].device());
    saved->tf32 = tf32_enabled();
    context->saved_data["function"] = c10::IValue::make_capsule(std::move(saved));
    context->save_for_backward(inputs.vec());
    context->set_materialize_grads(false);
    return function(inputs.vec());
  }

  static variable_list backward(AutogradContext* context, const variable_list& output_gradients) {
    const auto saved = c10::static_intrusive_pointer_cast<SavedFunction>(context->saved_data["function"].toCapsule());
    variable_list inputs;
    for (const Tensor& input : context->get_saved_variables())
      inputs.push_back(input.detach().requires_grad_(input.requires_grad()));

    variable_list outputs;
    {
      const at::AutoGradMode with_gradient(true);
      const ScopedAutocast autocast(inputs[0].device(), saved->autocast);
      const ScopedTf32 tf32(saved->tf32);
      outputs = saved->function(inputs);
    }
    variable_list reached, gradients;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].requires_grad() || !output_gradients[i].defined()) continue;
      reached.push_back(outputs[i]);
      gradients.push_back(output_gradients[i]);
    }
    torch::autograd::backward(reached, gradients);

    variable_list input_gradients = {Tensor()};  // no gradient for the function argument
    for (const Tensor& input : inputs) input_gradients.push_back(input.grad());
    return input_gradients;
  }
};

}  // namespace

std::vector<Tensor> recomputed(const TensorFunction& function, const std::vector<Tensor>& inputs) {
  if (!at::GradMode::is_enabled()) return function(inputs);
  return Recomputed::apply(function,
                           at::TensorList(inputs));  // autograd ignores tensors in a vector
}

}  // namespace flashrna
