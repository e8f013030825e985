#include "libfold/backbone/relaxation.h"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <vector>

#include "kernels/torch_headers.h"
#include "libfold/backbone/relaxation_energy.h"

namespace flashrna {

using at::Tensor;

FlowModelOutput relaxed(const FlowModelOutput& backbone, const Tensor& lengths, const RelaxationOptions& options,
                        const std::function<bool()>& keep_going) {
  if (options.rounds < 1 || backbone.translations.size(1) < 2) return backbone;
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
  const at::NoGradGuard no_grad;
  FlowModelOutput result = moves.of(backbone);
  if (options.fixed.defined()) result = with_given(result, backbone, options.fixed);
  return {result.translations.detach(), result.rotations.detach(), result.torsions.detach(), backbone.letters,
          backbone.chi};
}

}  // namespace flashrna
