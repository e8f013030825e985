#include "libfold/training/base_pair_loss.h"

#include "libfold/backbone/backbone_atoms.h"

namespace flashrna {

using at::Tensor;

namespace {

// C1'-C1' and N-N of each residue and its partner, Å: [B, L, 2].
Tensor pair_distances(const FlowModelOutput& backbone, const Tensor& partner) {
  const Tensor atoms = backbone_atoms(backbone.rotations, backbone.translations, backbone.torsions,
                                      {kC1, kGlycosidicNitrogen});  // [B, L, 2, 3]
  const Tensor index = partner.view({partner.size(0), partner.size(1), 1, 1}).expand_as(atoms);
  return ((atoms - atoms.gather(1, index)).square().sum(3) + 1e-6).sqrt();
}

}  // namespace

Tensor base_pair_loss(const FlowModelOutput& prediction, const FlowModelOutput& truth, const Tensor& partner,
                      const Tensor& counted) {
  const Tensor other = partner.clamp_min(0);
  const Tensor paired = (partner >= 0) & (counted | counted.gather(1, other));
  const Tensor errors = (pair_distances(prediction, other) - pair_distances(truth, other)).square().sum(2);
  return (errors * paired).sum(1) / paired.sum(1).clamp_min(1);
}

}  // namespace flashrna
