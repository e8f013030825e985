// What a backbone is asked to be: base pairs, letters, residues whose structure is given. The same struct travels from
// a training batch and from a sampling request to the network; a member that is undefined says nothing.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "rna/pairs/secondary_structure.h"

namespace flashrna {

struct Batch;
struct ConditioningConfig;

inline constexpr int64_t kLetterNotSaid = 4;  // of Conditioning::nucleotide; A, C, G, U are 0 to 3

struct Conditioning {
  at::Tensor partner;     // [B, L] i64: position of the base-pair partner, kUnpaired or kNotSaid
  at::Tensor nucleotide;  // [B, L] i64: 0 to 3, or kLetterNotSaid
  at::Tensor fixed;       // [B, L] bool: residues whose frame and torsions are given and do not move

  Conditioning to(at::Device device) const;
};

// Which members the network takes in; the others stay undefined.
struct ConditioningKinds {
  bool pairs = false, letters = false, motifs = false;
};

// Drawn from the streams (seed, "conditioning", index, place in the batch, kind).
Conditioning draw_conditioning(const Batch& truth, const ConditioningConfig& config, const ConditioningKinds& kinds,
                               std::uint64_t seed, std::uint64_t index);

}  // namespace flashrna
