#include "kernels/local_edges/local_edges_check.h"

#include <ATen/ATen.h>

#include <iterator>

#include "kernels/self_check.h"
#include "kernels/torch_headers.h"

namespace flashrna {

using at::Tensor;

namespace {

LocalEdgesInput example_input(int64_t outputs, at::Device device) {
  const int64_t B = 2, L = 9, E = 5, F = 7, H = 40;
  double phase = 0;
  const auto wave = [&](at::IntArrayRef shape) { return self_check_values(shape, phase += 0.7, device); };
  LocalEdgesInput in;
  in.center = wave({B, L, H});
  in.neighbor = wave({B, L, H});
  const Tensor angle = wave({B, L}) * 3.0, zero = at::zeros_like(angle), one = at::ones_like(angle);
  in.rotations = at::stack({angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), zero, zero, zero, one}, -1)
                     .view({B, L, 3, 3});
  in.translations = wave({B, L, 3});
  in.weight_1 = wave({H, F + kEdgeFrameFeatures}) * 0.3;
  in.weight_2 = wave({H, H}) * 0.3;
  in.bias_2 = wave({H});
  in.out_weight = wave({outputs, H}) * 0.3;
  in.out_bias = wave({outputs});
  const Tensor place = at::arange(B * L * E, in.translations.options().dtype(at::kLong)).view({B, L, E});
  in.edges = {(place * 7).remainder(L), place.remainder(4) > 0, wave({B, L, E, F}), {}};
  in.edges.nonzero = nonzero_bits(in.edges.features);
  return in;
}

LocalEdgesInput in_f64_on_cpu(const LocalEdgesInput& in) {
  std::vector<Tensor> tensors = tensors_of(in);
  for (Tensor& tensor : tensors) tensor = tensor.is_floating_point() ? tensor.cpu().to(at::kDouble) : tensor.cpu();
  return input_of(tensors);
}

std::vector<Tensor> run_reference(EdgeOperation operation, const LocalEdgesInput& in) {
  if (operation == EdgeOperation::kMessages) {
    const EdgeMessageSums sums = edge_messages_reference(in);
    return {sums.attended, sums.sum};
  }
  const EdgeVoteMeans means = edge_votes_reference(in);
  return {means.shift, means.rotation};
}

// Outputs, then the gradients of a weighted sum of them, f64 on the CPU.
std::vector<Tensor> results_of(const LocalEdgesInput& in,
                               const std::function<std::vector<Tensor>(const LocalEdgesInput&)>& run) {
  // Independent of the caller's autograd modes: the check decides once for all calls.
  const c10::InferenceMode normal(false);
  const at::AutoGradMode with_gradients(true);
  std::vector<Tensor> tensors = tensors_of(in), leaves;
  for (int i = 0; i < kLocalEdgesGradients; ++i) leaves.push_back(tensors[i] = tensors[i].clone().requires_grad_());
  std::vector<Tensor> results = run(input_of(tensors)), weights;
  for (const Tensor& output : results) {
    const Tensor weight = self_check_values(output.transpose(0, 2).sizes(), 0.3 * std::ssize(weights), output.device());
    // In another memory layout, as the gradients of products are.
    weights.push_back(weight.transpose(0, 2).to(output.scalar_type()));
  }
  for (const Tensor& gradient : torch::autograd::grad(results, leaves, weights)) results.push_back(gradient);
  for (Tensor& result : results) result = result.detach().cpu().to(at::kDouble);
  return results;
}

}  // namespace

double local_edges_error(EdgeOperation operation, at::Device device,
                         const std::function<std::vector<Tensor>(const LocalEdgesInput&)>& run) {
  const bool messages = operation == EdgeOperation::kMessages;
  const LocalEdgesInput in = example_input(messages ? kEdgeHeads : kVoteOutputs, device);
  const std::vector<Tensor> got = results_of(in, run);
  const std::vector<Tensor> expected =
      results_of(in_f64_on_cpu(in), [&](const LocalEdgesInput& x) { return run_reference(operation, x); });
  double error = 0;
  // The last gradient, of the bias of the logits of messages, is zero: a softmax does not depend on it.
  for (std::size_t i = 0; i < expected.size() - (messages ? 1 : 0); ++i)
    error = larger_error(error, ((got[i] - expected[i]).norm() / expected[i].norm()).item<double>());
  return error;
}

}  // namespace flashrna
