// Chains of a dataset as padded tensors: padding only at the end, true lengths in a separate tensor, masks derived from
// it.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "datasets/dataset_records.h"

namespace flashrna {

struct Batch {
  Polymer polymer = Polymer::kRna;
  std::vector<std::string> chain_ids;  // B
  at::Tensor lengths;                  // [B] i64
  at::Tensor residue_index;            // [B, L] i64, 0 in padding
  at::Tensor chain;                    // [B, L] i64: number of the molecule in its assembly, 0 in padding
  at::Tensor translations;             // [B, L, 3] Å, centered on the mean origin of each chain; 0 in padding
  at::Tensor rotations;                // [B, L, 3, 3], identity in padding
  at::Tensor torsions;                 // [B, L, T, 2] (sin, cos), (0, 1) where not defined; T = 8 of RNA, 1 of proteins
  at::Tensor torsion_mask;             // [B, L, T] bool
  at::Tensor chi;                      // [B, L, 2] (sin, cos) of the glycosidic torsion, (0, 1) where not defined
  at::Tensor chi_mask;                 // [B, L] bool
  at::Tensor partner;                  // [B, L] i64: position of the base-pair partner, kUnpaired or kUnspecified
  at::Tensor nucleotide;  // [B, L] i64: A C G U = 0 ... 3 or amino acid, kLetterUnspecified for N and in padding

  at::Tensor mask() const;  // [B, L] bool, true for real residues
  Batch to(at::Device device) const;
};

// True where position < length. lengths [B] i64 -> [B, padded_length] bool on the same device.
at::Tensor mask_from_lengths(const at::Tensor& lengths, int64_t padded_length);

// Stacks chains, padded to the longest. `ids` has one entry per chain. Throws Error for chains of
// different polymers.
Batch make_batch(const std::vector<ChainFeatures>& chains, const std::vector<std::string>& ids);

}  // namespace flashrna
