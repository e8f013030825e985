// Computes backbone atoms from frames and torsions as tensors: the differentiable version of rebuild_backbone in
// rna/backbone.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "rna/backbone.h"

namespace flashrna {

// The constants of deoxyadenosine, with which the published losses rebuild every residue. C4' is 1e-6 Å off the origin.
const BackboneGeometry& deoxyadenosine_geometry();

// Positions (Å) of the atoms `slots` (AtomSlot, any order): rotations [..., 3, 3], translations [..., 3] Å, torsions
// [..., 8, 2] (sin, cos) -> [..., slots, 3]. Computes only the rigid groups that `slots` need.
at::Tensor backbone_atoms(const at::Tensor& rotations, const at::Tensor& translations, const at::Tensor& torsions,
                          const std::vector<int>& slots, const BackboneGeometry& geometry = ideal_backbone_geometry());

// Whether all torsions that place an atom are defined: torsion_mask [..., 8] bool -> [..., slots] bool.
at::Tensor backbone_atom_mask(const at::Tensor& torsion_mask, const std::vector<int>& slots,
                              const BackboneGeometry& geometry = ideal_backbone_geometry());

}  // namespace flashrna
