// Overlap of atoms of different residues (clashes of rna/measure/clashes.h, if of RNA) as a differentiable energy.
#pragma once

#include <ATen/core/Tensor.h>

#include "datasets/polymer.h"

namespace flashrna {

struct StericOptions {
  double margin = 0.2;     // Å added to the distance at which atoms clash
  int64_t neighbors = 16;  // nearest residues, by their origins, whose atoms are compared with a residue's own
  Polymer polymer = Polymer::kRna;
};

// Returns [B] in Å^2: half the sum, over residues, their neighbors and all pairs of their atoms, of
// max(0, r_a + r_b - 0.6 Å + margin - |a - b|)^2. Radii and excluded pairs across a bond are those of PolymerBackbone.
// `atoms` [B, L, A, 3] in Å by slot, A = PolymerBackbone::atoms(), f32 or f64; `atom_mask` [B, L, A] bool, false in the
// padding; `residue_index` [B, L] and `lengths` [B] i64. Memory is linear in L.
//
// The gradient pushes an atom by every pair in its own residue's neighbor list, as if the other residue listed the pair
// too. It equals the derivative of the sum if all lists are mutual, which fails only where more than `neighbors`
// residues crowd together.
at::Tensor steric_overlap(const at::Tensor& atoms, const at::Tensor& atom_mask, const at::Tensor& residue_index,
                          const at::Tensor& lengths, const StericOptions& options = {});

// The same by tensor operations on blocks of residues.
at::Tensor steric_overlap_in_blocks(const at::Tensor& atoms, const at::Tensor& atom_mask,
                                    const at::Tensor& residue_index, const at::Tensor& lengths,
                                    const StericOptions& options = {});

}  // namespace flashrna
