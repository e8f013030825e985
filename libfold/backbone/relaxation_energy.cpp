#include "libfold/backbone/relaxation_energy.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/pair_energy.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/device_constants.h"
#include "libfold/flow/so3.h"

namespace flashrna {

using at::Tensor;

namespace {

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
  const RingTensors& rings = ring_tensors(backbone, atoms);
  const Tensor apart = atoms.index_select(2, rings.slots) - atoms.index_select(2, rings.other_slots);
  return (apart.norm(2, -1) - rings.distances).square().sum(2);
}

}  // namespace

const RingTensors& ring_tensors(const PolymerBackbone& backbone, const Tensor& like) {
  static DeviceConstants<Polymer, RingTensors> constants;
  return constants.get(backbone.polymer(), like,
                       [&](const at::TensorOptions& options) { return make_ring_tensors(backbone, options); });
}

RelaxationMoves RelaxationMoves::none(const FlowModelOutput& backbone) {
  const int64_t B = backbone.translations.size(0), L = backbone.translations.size(1);
  const auto options = backbone.translations.options().requires_grad(false);
  return {at::zeros({B, L, 3}, options), at::zeros({B, L, 3}, options),
          at::zeros({B, L, backbone.torsions.size(2)}, options)};
}

FlowModelOutput RelaxationMoves::of(const FlowModelOutput& backbone) const {
  const Tensor sine = torsions.sin(), cosine = torsions.cos();
  const Tensor s = backbone.torsions.select(-1, 0), c = backbone.torsions.select(-1, 1);
  return {backbone.translations + shifts, at::matmul(backbone.rotations, so3_exp(turns)),
          at::stack({s * cosine + c * sine, c * cosine - s * sine}, -1), backbone.letters, backbone.chi};
}

RelaxationScene make_relaxation_scene(const Tensor& lengths, int64_t L, const RelaxationOptions& options) {
  const Tensor place = at::arange(L, lengths.options()).expand({lengths.size(0), L});
  const Tensor mask = place < lengths.unsqueeze(1);
  const Tensor index = options.residue_index.defined() ? options.residue_index : place;
  const Tensor rise = index.narrow(1, 1, L - 1) - index.narrow(1, 0, L - 1);
  RelaxationScene scene{backbone_of(options.polymer),           lengths,         index,         mask, mask,
                        mask.narrow(1, 1, L - 1) & (rise == 1), options.partner, options.copies};
  TORCH_CHECK(!options.partner.defined() || scene.backbone.pair_slots(),
              "relaxation: base pairs are requested of a polymer without bases");
  if (options.copies == nullptr) return scene;
  scene.lengths = options.copies->lengths();
  scene.residue_index = options.copies->residue_index(index);
  scene.mask = options.copies->mask();
  if (options.partner.defined()) scene.partner = options.copies->partner(options.partner);
  return scene;
}

Tensor relaxation_energy(const FlowModelOutput& backbone, const RelaxationMoves& moves, const RelaxationScene& scene) {
  const Tensor unit =
      scene.backbone.place(backbone.rotations, backbone.translations, backbone.torsions, scene.backbone.all_slots());
  const Tensor atoms = scene.copies == nullptr ? unit : scene.copies->points(unit);
  const Tensor placed = scene.mask.unsqueeze(-1).expand({-1, -1, scene.backbone.atoms()});
  Tensor between = steric_overlap(atoms, placed, scene.residue_index, scene.lengths,
                                  {.margin = kRelaxationMargin, .polymer = scene.backbone.polymer()})
                       .sum();
  if (scene.partner.defined()) {
    const auto [c1, n] = *scene.backbone.pair_slots();
    between = between + pair_energy(atoms.select(2, c1), atoms.select(2, n), scene.partner);
  }
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

}  // namespace flashrna
