#include "libfold/training/base_pair_loss.h"

#include "libfold/backbone/backbone_atoms.h"

namespace flashrna {

using at::Tensor;

namespace {

// Distances of C1' and N of each residue from C1' and N of its partner, Å: [B, L, 2, 2].
Tensor pair_distances(const FlowModelOutput& backbone, const Tensor& partner) {
  const Tensor atoms = backbone_atoms(backbone.rotations, backbone.translations, backbone.torsions,
                                      {kC1, kGlycosidicNitrogen});  // [B, L, 2, 3]
  const Tensor index = partner.view({partner.size(0), partner.size(1), 1, 1}).expand_as(atoms);
  return ((atoms.unsqueeze(3) - atoms.gather(1, index).unsqueeze(2)).square().sum(4) + 1e-6).sqrt();
}

}  // namespace

Tensor base_pair_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const Tensor& partner,
                      const Tensor& counted) {
  const Tensor other = partner.clamp_min(0);
  const Tensor paired = (partner >= 0) & (counted | counted.gather(1, other));
  const Tensor error = (pair_distances(prediction, other) - pair_distances(truth, other)).abs();
  const Tensor errors = at::where(error < 1, error.square(), 2 * error - 1).sum({2, 3});
  return (errors * paired).sum(1) / paired.sum(1).clamp_min(1);
}

}  // namespace flashrna
