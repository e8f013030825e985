// How far the atoms of different residues reach into each other: what rna/measure/clashes.h counts, as a differentiable
// energy.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

struct StericOptions {
  double margin = 0.2;     // Å, by which atoms should stay further apart than where find_clashes counts a clash
  int64_t neighbors = 16;  // residues nearest to each, by C4', whose atoms are compared with its own
};

// Sum over residues, each with its neighbors, of half of max(0, r_a + r_b - 0.6 Å + margin - |a - b|)^2 over their
// pairs of atoms, Å^2: [B]. Radii, and the pairs across a bond that do not count, are those of find_clashes. `atoms`
// [B, L, 13, 3] in Å by slot, f32 or f64; `atom_mask` [B, L, 13] bool, false also in the padding; `residue_index` [B,
// L] and `lengths` [B] i64. Memory linear in L. Differentiable in `atoms`: an atom is pushed by every pair of its own
// residue's list, as if the other one listed it too. That is the derivative of the sum where lists are mutual, as they
// are but where more than `neighbors` residues crowd together.
at::Tensor steric_overlap(const at::Tensor& atoms, const at::Tensor& atom_mask, const at::Tensor& residue_index,
                          const at::Tensor& lengths, const StericOptions& options = {});

// The same by tensor operations on blocks of residues, as a GPU runs it.
at::Tensor steric_overlap_in_blocks(const at::Tensor& atoms, const at::Tensor& atom_mask,
                                    const at::Tensor& residue_index, const at::Tensor& lengths,
                                    const StericOptions& options = {});

// Moves residues whose atoms overlap apart, as rigid bodies, in `rounds` small steps down the gradient of
// steric_overlap. rotations [B, L, 3, 3], translations [B, L, 3] Å, torsions [B, L, 8, 2]; all torsions count as
// defined. Returns the translations.
at::Tensor moved_apart(const at::Tensor& rotations, const at::Tensor& translations, const at::Tensor& torsions,
                       const at::Tensor& residue_index, const at::Tensor& lengths, int rounds,
                       const StericOptions& options = {});

}  // namespace flashrna
