#include "libfold/nn/linear.h"

#include "libfold/mixed_precision.h"

namespace flashrna {

using at::Tensor;
using torch::autograd::variable_list;

namespace {

// LibTorch's switch for TF32 is one for the whole process, and backward runs on a thread of its own. So it is on only
// around each product.
class Tf32Linear : public torch::autograd::Function<Tf32Linear> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.defined();
    const Tf32Products tf32;
    return at::linear(x, weight, bias);
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
  return tf32_enabled() && x.is_cuda() ? Tf32Linear::apply(x, weight, bias) : at::linear(x, weight, bias);
}

}  // namespace flashrna
