// Backbone atoms from frames and torsions, on tensors: the differentiable version of rebuild_backbone in
// rna/backbone.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "rna/backbone.h"

namespace flashrna {

// Deoxyadenosine's constants, with which the published losses rebuild every residue; its C4' lies 1e-6 Å off the
// origin.
const BackboneGeometry& deoxyadenosine_geometry();

// Atoms of `slots` (AtomSlot, any order) in Å: rotations [..., 3, 3], translations [..., 3] Å, torsions [..., 8, 2]
// (sin, cos) -> [..., slots, 3]. Only the rigid groups that `slots` need are computed.
at::Tensor backbone_atoms(const at::Tensor& rotations, const at::Tensor& translations, const at::Tensor& torsions,
                          const std::vector<int>& slots, const BackboneGeometry& geometry = ideal_backbone_geometry());

// Whether the torsions that place an atom are all defined: torsion_mask [..., 8] bool -> [..., slots] bool.
at::Tensor backbone_atom_mask(const at::Tensor& torsion_mask, const std::vector<int>& slots,
                              const BackboneGeometry& geometry = ideal_backbone_geometry());

}  // namespace flashrna
