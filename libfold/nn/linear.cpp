#include "libfold/nn/linear.h"

#include <optional>

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;
using torch::autograd::variable_list;

namespace {

// LibTorch's switch for TF32 is one for the whole process, and backward runs on a thread of its own. So it is on only
// around each product.
class Tf32Linear : public torch::autograd::Function<Tf32Linear> {
 public:
  // `bias` is optional because a custom function takes no undefined tensors.
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    const Tf32Products tf32;
    // Not a view, as at::linear returns for more than two dimensions: a layer may work in place on it.
    const Tensor product = at::linear(x, weight, bias);
    return at::_unsafe_view(product, product.sizes());
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const Tensor by_rows = gradients[0].reshape({-1, weight.size(0)});
    variable_list out(3);
    {
      const Tf32Products tf32;
      if (context->needs_input_grad(0)) out[0] = at::mm(by_rows, weight).view(x.sizes());
      if (context->needs_input_grad(1)) out[1] = at::mm(by_rows.t(), x.reshape({-1, weight.size(1)}));
    }
    if (context->saved_data["bias"].toBool()) out[2] = by_rows.sum(0);
    return out;
  }
};

}  // namespace

Tensor linear_product(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::optional<Tensor> present = bias.defined() ? std::optional(bias) : std::nullopt;
  return tf32_enabled() && x.is_cuda() ? Tf32Linear::apply(x, weight, present) : at::linear(x, weight, bias);
}

}  // namespace flashrna
