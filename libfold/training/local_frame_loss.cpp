#include "libfold/training/local_frame_loss.h"

#include <vector>

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "libfold/backbone/backbone_atoms.h"
#include "libfold/nn/local_edges.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kNeighbors = 20;
constexpr double kLargestError = 8.0;  // Å
const std::vector<int> kSlots = {kC4, kC1, kGlycosidicNitrogen, kP};

// Atoms of the neighbors in the frame of each residue: [B, L, E, 4, 3].
Tensor local_atoms(const FlowModelOutput& backbone, const Tensor& neighbors) {
  const int64_t B = neighbors.size(0), L = neighbors.size(1), E = neighbors.size(2);
  const auto n = static_cast<int64_t>(kSlots.size());
  const Tensor atoms = backbone_atoms(backbone.rotations, backbone.translations, backbone.torsions, kSlots);
  const Tensor of_neighbors = rows_at(atoms.flatten(2), neighbors).view({B, L, E * n, 3});
  return at::matmul(of_neighbors - backbone.translations.unsqueeze(2), backbone.rotations).view({B, L, E, n, 3});
}

}  // namespace

Tensor local_frame_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const Tensor& partner,
                        const Tensor& atom_mask, const Tensor& counted, const Tensor& lengths) {
  const Tensor nearest = nearest_neighbors(truth.translations.detach(), lengths, kNeighbors).indices;
  const Tensor wanted = at::cat({nearest, partner.unsqueeze(2)}, 2);  // [B, L, E]
  const Tensor neighbors = wanted.clamp_min(0);
  std::vector<Tensor> of_slots;  // an index tensor would be copied to the device at each call
  for (const int slot : kSlots) of_slots.push_back(atom_mask.select(2, slot));
  const Tensor placed = rows_at(at::stack(of_slots, 2), neighbors);  // [B, L, E, 4]
  const Tensor weights = (placed & (wanted >= 0).unsqueeze(3) & counted.unsqueeze(2).unsqueeze(3))
                             .to(prediction.translations.scalar_type());
  const Tensor squared = (local_atoms(prediction, neighbors) - local_atoms(truth, neighbors)).square().sum(4);
  const Tensor errors = (squared + 1e-4).sqrt().clamp_max(kLargestError);
  return (errors * weights).flatten(1).sum(1) / weights.flatten(1).sum(1).clamp_min(1);
}

}  // namespace flashrna
