#include "kernels/pair_distance_loss/pair_distance_loss.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>

#include "kernels/cuda_backend.h"
#include "kernels/pair_distance_loss/pair_distance_gpu_row.h"
#include "kernels/pair_distance_loss/pair_distance_loss_backends.h"
#include "kernels/self_check.h"
#include "kernels/torch_headers.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kTileDistances = int64_t{1} << 22;  // per tile, over the batch; 30 to 60 bytes of memory each

// Largest difference of value or gradient, relative to the largest magnitude of each.
double pair_distance_loss_error(at::Device device) {
  const Tensor truth = self_check_values({2, 9, 3, 3}, 0.2, device) * 10.0;
  const Tensor predicted = truth + self_check_values({2, 9, 3, 3}, 0.9, device);
  const Tensor mask = self_check_values({2, 9, 3}, 1.7, device) > -0.7;
  const PairDistanceLoss got = pair_distance_loss_cuda(predicted, truth, mask, /*with_gradient=*/true);
  const PairDistanceLoss expected = pair_distance_loss_tiled(predicted, truth, mask, /*with_gradient=*/true);
  const auto error = [](const Tensor& a, const Tensor& b) {
    return ((a - b).abs().max() / b.abs().max()).item<double>();
  };
  return larger_error(error(got.value, expected.value), error(got.gradient, expected.gradient));
}

PairDistanceLoss compute(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask, bool with_gradient) {
  if (predicted.is_cpu()) return pair_distance_loss_cpu(predicted, truth, atom_mask, with_gradient);
  static SelfCheck kernel("the CUDA kernel of pair_distance_loss", "blocks of distances", 1e-5,
                          pair_distance_loss_error);
  if (predicted.is_cuda() && kernel.passes(predicted.device()))
    return pair_distance_loss_cuda(predicted, truth, atom_mask, with_gradient);
  return pair_distance_loss_tiled(predicted, truth, atom_mask, with_gradient);
}

class PairDistanceLossFunction : public torch::autograd::Function<PairDistanceLossFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& predicted, const Tensor& truth,
                        const Tensor& atom_mask) {
    PairDistanceLoss loss = compute(predicted, truth, atom_mask, /*with_gradient=*/true);
    context->save_for_backward({loss.gradient});
    return loss.value;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const Tensor saved = context->get_saved_variables()[0];
    return {saved * gradients[0].view({-1, 1, 1, 1}), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor pair_distance_loss(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask) {
  TORCH_CHECK(predicted.dim() == 4 && predicted.size(3) == 3, "pair_distance_loss: predicted has shape ",
              predicted.sizes(), ", expected [B, L, A, 3]");
  TORCH_CHECK(truth.sizes() == predicted.sizes(), "pair_distance_loss: truth has shape ", truth.sizes(), ", expected ",
              predicted.sizes());
  TORCH_CHECK(atom_mask.scalar_type() == at::kBool && atom_mask.sizes() == predicted.sizes().slice(0, 3),
              "pair_distance_loss: atom_mask must be bool of shape ", predicted.sizes().slice(0, 3));
  TORCH_CHECK(predicted.scalar_type() == at::kFloat || predicted.scalar_type() == at::kDouble,
              "pair_distance_loss: predicted is ", predicted.scalar_type(), ", must be f32 or f64");
  TORCH_CHECK(truth.scalar_type() == predicted.scalar_type(), "pair_distance_loss: truth is ", truth.scalar_type(),
              ", predicted is ", predicted.scalar_type());
  TORCH_CHECK(truth.device() == predicted.device() && atom_mask.device() == predicted.device(),
              "pair_distance_loss: predicted is on ", predicted.device(), ", truth on ", truth.device(),
              ", atom_mask on ", atom_mask.device());
  TORCH_CHECK(!truth.requires_grad(), "pair_distance_loss: truth wants a gradient, only predicted can have one");
  if (at::GradMode::is_enabled() && predicted.requires_grad()) {
    return PairDistanceLossFunction::apply(predicted, truth, atom_mask);
  }
  return compute(predicted, truth, atom_mask, /*with_gradient=*/false).value;
}

PairDistanceLoss pair_distance_loss_cuda(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask,
                                         bool with_gradient) {
  const Tensor x = predicted.detach().contiguous(), y = truth.detach().contiguous(), mask = atom_mask.contiguous();
  const int64_t B = x.size(0), N = x.size(1) * x.size(2);
  const Tensor rows = at::zeros({B, N}, x.options().dtype(at::kDouble));
  const Tensor gradient = with_gradient ? at::zeros_like(x) : Tensor();
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "pair_distance_loss", [&] {
    pair_distance_rows_cuda<scalar_t>({.B = B,
                                       .N = N,
                                       .predicted = x.const_data_ptr<scalar_t>(),
                                       .truth = y.const_data_ptr<scalar_t>(),
                                       .mask = mask.const_data_ptr<bool>(),
                                       .rows = rows.mutable_data_ptr<double>(),
                                       .gradient = with_gradient ? gradient.mutable_data_ptr<scalar_t>() : nullptr},
                                      current_cuda_stream(x.device()));
  });
  return {rows.sum(1).to(x.scalar_type()), gradient};
}

PairDistanceLoss pair_distance_loss_tiled(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask,
                                          bool with_gradient) {
  const at::NoGradGuard no_grad;
  const int64_t B = predicted.size(0), N = predicted.size(1) * predicted.size(2);
  const Tensor mask = atom_mask.reshape({B, N}), missing = ~mask.unsqueeze(2);
  // Coordinates of missing atoms may have any value, and NaN times 0 is NaN.
  const Tensor x = predicted.reshape({B, N, 3}).masked_fill(missing, 0),
               y = truth.reshape({B, N, 3}).masked_fill(missing, 0);
  Tensor value = at::zeros({B}, x.options().dtype(at::kDouble));
  Tensor gradient = with_gradient ? at::zeros_like(x) : Tensor();
  const int64_t rows_per_tile = std::max<int64_t>(1, kTileDistances / std::max<int64_t>(1, B * N));
  for (int64_t begin = 0; begin < N; begin += rows_per_tile) {
    const int64_t rows = std::min(rows_per_tile, N - begin);
    const Tensor apart = x.narrow(1, begin, rows).unsqueeze(2) - x.unsqueeze(1);  // [B, rows, N, 3]
    const Tensor distance = apart.square().sum(3).sqrt();
    const Tensor true_distance = (y.narrow(1, begin, rows).unsqueeze(2) - y.unsqueeze(1)).square().sum(3).sqrt();
    const Tensor pairs = mask.narrow(1, begin, rows).unsqueeze(2) & mask.unsqueeze(1);
    const Tensor error = (distance - true_distance).masked_fill(~pairs, 0);
    value += error.square().sum({1, 2}, /*keepdim=*/false, at::kDouble);
    if (!with_gradient) continue;
    // Each pair occurs in both orders, so the gradient is twice 2 error times the unit vector.
    const Tensor pull = (4 * error / distance).masked_fill(distance == 0, 0);
    gradient.narrow(1, begin, rows).copy_((pull.unsqueeze(3) * apart).sum(2));
  }
  return {value.to(x.scalar_type()), with_gradient ? gradient.view(predicted.sizes()) : Tensor()};
}

}  // namespace flashrna
