#include "libfold/backbone/relaxation.h"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <cmath>
#include <vector>

#include "kernels/torch_headers.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/pair_energy.h"
#include "libfold/backbone/polymer_backbone.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/device_constants.h"
#include "libfold/flow/so3.h"
#include "rna/nucleotide.h"

namespace flashrna {

using at::Tensor;

namespace {

// Weights of squared errors. A bond that is 0.1 Å too long costs as much as an overlap of 0.3 Å; a residue moved by 1 Å
// costs as much as an overlap of 0.2 Å.
constexpr double kBondWeight = 10;     // per Å^2, of links and rings
constexpr double kAngleWeight = 5;     // of cosines
constexpr double kShiftWeight = 0.05;  // per Å^2
constexpr double kTurnWeight = 0.5;    // per rad^2, of frames and torsions
constexpr double kMargin = 0.1;        // Å; distance beyond contact up to which atoms repel

// The optimized variables, initially zero.
struct Moves {
  Tensor shifts;    // [B, L, 3] Å
  Tensor turns;     // [B, L, 3] rotation vectors in the residue's frame
  Tensor torsions;  // [B, L, T] radians

  FlowModelOutput of(const FlowModelOutput& backbone) const {
    const Tensor sine = torsions.sin(), cosine = torsions.cos();
    const Tensor s = backbone.torsions.select(-1, 0), c = backbone.torsions.select(-1, 1);
    return {backbone.translations + shifts, at::matmul(backbone.rotations, so3_exp(turns)),
            at::stack({s * cosine + c * sine, c * cosine - s * sine}, -1), backbone.letters, backbone.chi};
  }
};

// What the energy needs besides the backbone; of all copies if there are any.
struct Scene {
  const PolymerBackbone& backbone;
  Tensor lengths;        // [B]
  Tensor residue_index;  // [B, L]
  Tensor mask;           // [B, L] bool: real residues
  Tensor unit_mask;      // [B, L] bool: the same, of the unit alone
  Tensor links;          // [B, L - 1] bool: bonded residues, of the unit alone
  Tensor partner;        // [B, L] or undefined
  const SymmetricCopies* copies;
};

Scene make_scene(const Tensor& lengths, int64_t L, const RelaxationOptions& options) {
  const Tensor place = at::arange(L, lengths.options()).expand({lengths.size(0), L});
  const Tensor mask = place < lengths.unsqueeze(1);
  const Tensor index = options.residue_index.defined() ? options.residue_index : place;
  const Tensor rise = index.narrow(1, 1, L - 1) - index.narrow(1, 0, L - 1);
  Scene scene{backbone_of(options.polymer),           lengths,         index,         mask, mask,
              mask.narrow(1, 1, L - 1) & (rise == 1), options.partner, options.copies};
  if (options.copies == nullptr) return scene;
  scene.lengths = options.copies->lengths();
  scene.residue_index = options.copies->residue_index(index);
  scene.mask = options.copies->mask();
  if (options.partner.defined()) scene.partner = options.copies->partner(options.partner);
  return scene;
}

struct RingTensors {
  Tensor slots, other_slots, distances;  // of PolymerBackbone::ring_distances
};

RingTensors make_ring_tensors(const PolymerBackbone& backbone, const at::TensorOptions& options) {
  std::vector<int64_t> slots, other_slots;
  std::vector<double> distances;
  for (const RingDistance& ring : backbone.ring_distances()) {
    slots.push_back(ring.slot);
    other_slots.push_back(ring.other_slot);
    distances.push_back(ring.distance);
  }
  return {at::tensor(slots, at::kLong).to(options.device()), at::tensor(other_slots, at::kLong).to(options.device()),
          at::tensor(distances, at::kDouble).to(options)};
}

// Squared errors of the distances that close the rings of the residues, Å^2: [B, L].
Tensor ring_errors(const Tensor& atoms, const PolymerBackbone& backbone) {
  static DeviceConstants<const PolymerBackbone*, RingTensors> constants;
  const RingTensors& rings = constants.get(
      &backbone, atoms, [&](const at::TensorOptions& options) { return make_ring_tensors(backbone, options); });
  const Tensor apart = atoms.index_select(2, rings.slots) - atoms.index_select(2, rings.other_slots);
  return (apart.norm(2, -1) - rings.distances).square().sum(2);
}

Tensor energy(const FlowModelOutput& backbone, const Moves& moves, const Scene& scene) {
  const Tensor unit =
      scene.backbone.place(backbone.rotations, backbone.translations, backbone.torsions, scene.backbone.all_slots());
  const Tensor atoms = scene.copies == nullptr ? unit : scene.copies->points(unit);
  const Tensor placed = scene.mask.unsqueeze(-1).expand({-1, -1, scene.backbone.atoms()});
  Tensor between = steric_overlap(atoms, placed, scene.residue_index, scene.lengths,
                                  {.margin = kMargin, .polymer = scene.backbone.polymer()})
                       .sum();
  if (scene.partner.defined())
    between = between + pair_energy(atoms.select(2, kC1), atoms.select(2, kGlycosidicNitrogen), scene.partner);
  if (scene.copies != nullptr) between = between / scene.copies->count();
  const BackboneLink& ideal = scene.backbone.link();
  const auto atom = [&](std::size_t i) { return unit.select(2, ideal.slots[i]); };
  const LinkGeometry link = link_geometry(atom(1), atom(2), atom(3), atom(4));
  const Tensor errors = kBondWeight * (link.length - ideal.length).square() +
                        kAngleWeight * ((link.cosine_before - std::cos(ideal.angle_before)).square() +
                                        (link.cosine_after - std::cos(ideal.angle_after)).square());
  return between + (errors * scene.links).sum() +
         kBondWeight * (ring_errors(unit, scene.backbone) * scene.unit_mask).sum() +
         kShiftWeight * moves.shifts.square().sum() +
         kTurnWeight * (moves.turns.square().sum() + moves.torsions.square().sum());
}

}  // namespace

FlowModelOutput relaxed(const FlowModelOutput& backbone, const Tensor& lengths, const RelaxationOptions& relaxation,
                        const std::function<bool()>& keep_going) {
  const int64_t B = backbone.translations.size(0), L = backbone.translations.size(1);
  if (relaxation.rounds < 1 || L < 2) return backbone;
  const at::AutoGradMode with_gradients(true);
  const auto options = backbone.translations.options();
  Moves moves{at::zeros({B, L, 3}, options), at::zeros({B, L, 3}, options),
              at::zeros({B, L, backbone.torsions.size(2)}, options)};
  const Scene scene = make_scene(lengths, L, relaxation);
  std::vector<Tensor> variables = {moves.shifts, moves.turns, moves.torsions};
  for (Tensor& variable : variables) variable.requires_grad_();
  torch::optim::Adam adam(variables, torch::optim::AdamOptions(relaxation.step));
  for (int round = 0; round < relaxation.rounds; ++round) {
    if (keep_going && !keep_going()) break;
    adam.zero_grad();
    energy(moves.of(backbone), moves, scene).backward();
    if (relaxation.fixed.defined())
      for (Tensor& variable : variables) variable.mutable_grad().masked_fill_(relaxation.fixed.unsqueeze(-1), 0);
    adam.step();
  }
  const at::NoGradGuard no_grad;
  FlowModelOutput moved = moves.of(backbone);
  if (relaxation.fixed.defined()) moved = with_given(moved, backbone, relaxation.fixed);
  return {moved.translations.detach(), moved.rotations.detach(), moved.torsions.detach(), backbone.letters,
          backbone.chi};
}

}  // namespace flashrna
