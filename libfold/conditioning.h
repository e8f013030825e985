// The condition of a backbone: base pairs, nucleotides, residues with given structure. Training batches and sampling
// requests pass the same struct to the network. An undefined member sets no condition.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "libfold/rigid.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {

struct Batch;
struct ConditioningConfig;

inline constexpr int64_t kLetterUnspecified = 4;  // of Conditioning::nucleotide; A, C, G, U are 0 to 3

struct Conditioning {
  at::Tensor partner;     // [B, L] i64: position of the base-pair partner, kUnpaired or kUnspecified
  at::Tensor nucleotide;  // [B, L] i64: 0 to 3, or kLetterUnspecified
  at::Tensor fixed;       // [B, L] bool: residues with given frame and torsions, which do not move
  at::Tensor chain;       // [B, L] i64: number of the molecule; the residue index jumps between molecules
  // [B, L] i64: number of the group of a given residue, -1 elsewhere. Only the geometry within a group is given. In the
  // network's input, residues of groups that keep their place are also in `fixed`; the others move.
  at::Tensor fixed_group;
  Frames given;  // [B, L], Å: the frames of the residues in groups; used through relative frames only

  Conditioning to(at::Device device) const;
};

// The members that the network uses; the others stay undefined.
struct ConditioningKinds {
  bool pairs = false, letters = false, motifs = false, motif_groups = false;
};

// Draws from the streams (seed, "conditioning", index, position in the batch, kind).
Conditioning draw_conditioning(const Batch& truth, const ConditioningConfig& config, const ConditioningKinds& kinds,
                               std::uint64_t seed, std::uint64_t index);

}  // namespace flashrna
