#include "libfold/backbone/relaxation.h"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <vector>

#include "kernels/self_check.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/relaxation_energy.h"
#include "libfold/backbone/relaxation_rounds.h"

namespace flashrna {

using at::Tensor;

namespace {

FlowModelOutput moved(const FlowModelOutput& backbone, const RelaxationMoves& moves, const Tensor& fixed) {
  const at::NoGradGuard no_grad;
  FlowModelOutput result = moves.of(backbone);
  if (fixed.defined()) result = with_given(result, backbone, fixed);
  return {result.translations.detach(), result.rotations.detach(), result.torsions.detach(), backbone.letters,
          backbone.chi};
}

bool has_nothing_to_do(const FlowModelOutput& backbone, const RelaxationOptions& options) {
  return options.rounds < 1 || backbone.translations.size(1) < 2;
}

// Relative difference of the gradient by the CUDA kernel from that by autograd, for crowded residues in wrong places,
// all of them paired.
double round_error(at::Device device) {
  const int64_t L = 24, T = backbone_of(Polymer::kRna).torsions();
  const Tensor angles = self_check_values({1, L, T}, 0.7, device) * 2.0, lengths = at::full({1}, L - 2, at::kLong);
  RelaxationOptions options;
  options.partner = at::arange(L - 3, -3, -1, at::kLong).unsqueeze(0).to(device);  // negative in the padding
  const FlowModelOutput backbone{.translations = self_check_values({1, L, 3}, 0.4, device) * 8.0,
                                 .rotations = at::eye(3, angles.options()).expand({1, L, 3, 3}),
                                 .torsions = at::stack({angles.sin(), angles.cos()}, 3)};
  const RelaxationScene scene = make_relaxation_scene(lengths.to(device), L, options);
  const auto real = [&](const Tensor& values) { return values.narrow(1, 0, L - 2); };
  RelaxationMoves moves{self_check_values({1, L, 3}, 0.1, device) * 0.2, self_check_values({1, L, 3}, 0.2, device),
                        self_check_values({1, L, T}, 0.3, device)};
  RelaxationRounds rounds(backbone, lengths.to(device), scene, {}, moves);
  rounds.step(options.step);
  const at::AutoGradMode with_gradients(true);
  std::vector<Tensor> expected;
  for (Tensor* variable : {&moves.shifts, &moves.turns, &moves.torsions}) variable->requires_grad_();
  relaxation_energy(moves.of(backbone), moves, scene).backward();
  for (const Tensor* variable : {&moves.shifts, &moves.turns, &moves.torsions}) expected.push_back(variable->grad());
  const Tensor gradient = real(at::cat(expected, 2)), got = real(rounds.mean_gradients()) * 10;
  return ((got - gradient).norm() / gradient.norm()).item<double>();
}

}  // namespace

FlowModelOutput relaxed_by_autograd(const FlowModelOutput& backbone, const Tensor& lengths,
                                    const RelaxationOptions& options, const std::function<bool()>& keep_going) {
  if (has_nothing_to_do(backbone, options)) return backbone;
  const at::AutoGradMode with_gradients(true);
  RelaxationMoves moves = RelaxationMoves::none(backbone);
  const RelaxationScene scene = make_relaxation_scene(lengths, backbone.translations.size(1), options);
  std::vector<Tensor> variables = {moves.shifts, moves.turns, moves.torsions};
  for (Tensor& variable : variables) variable.requires_grad_();
  torch::optim::Adam adam(variables, torch::optim::AdamOptions(options.step));
  for (int round = 0; round < options.rounds; ++round) {
    if (keep_going && !keep_going()) break;
    adam.zero_grad();
    relaxation_energy(moves.of(backbone), moves, scene).backward();
    if (options.fixed.defined())
      for (Tensor& variable : variables) variable.mutable_grad().masked_fill_(options.fixed.unsqueeze(-1), 0);
    adam.step();
  }
  return moved(backbone, moves, options.fixed);
}

FlowModelOutput relaxed(const FlowModelOutput& backbone, const Tensor& lengths, const RelaxationOptions& options,
                        const std::function<bool()>& keep_going) {
  if (has_nothing_to_do(backbone, options)) return backbone;
  const at::Device device = backbone.translations.device();
  static SelfCheck kernel("the CUDA kernel of a relaxation round", "autograd", 1e-4, round_error);
  if (!device.is_cpu() && !(device.is_cuda() && kernel.passes(device)))
    return relaxed_by_autograd(backbone, lengths, options, keep_going);
  const at::NoGradGuard no_grad;
  const RelaxationScene scene = make_relaxation_scene(lengths, backbone.translations.size(1), options);
  RelaxationRounds rounds(backbone, lengths, scene, options.fixed, RelaxationMoves::none(backbone));
  for (int round = 0; round < options.rounds && (!keep_going || keep_going()); ++round) rounds.step(options.step);
  return moved(backbone, rounds.moves(), options.fixed);
}

}  // namespace flashrna
