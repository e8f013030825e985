// A symmetric assembly of B samples: the copies of each unit under a group of rotations about the origin, as one
// structure. Copies follow each other without padding in between: residue i of copy c is at c n + i, where n is the
// length of the unit. All memory is linear in the residues of the assembly.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

class SymmetricCopies {
 public:
  // `rotations`: the identity first; product[a][b] is the index of rotations[a] * rotations[b]. `lengths`: residues of
  // the units. Tensors are on `device`.
  SymmetricCopies(const std::vector<Mat3>& rotations, const std::vector<std::vector<int>>& product,
                  const std::vector<int>& lengths, at::Device device);

  std::int64_t count() const { return rotations_.size(0); }   // G copies
  const at::Tensor& group() const { return rotations_; }      // [G, 3, 3] f64, the identity first
  const at::Tensor& lengths() const { return all_lengths_; }  // [B] i64, of the assemblies
  at::Tensor mask() const;                                    // [B, G L] bool: residues of the assemblies

  // From the unit to the assembly: [B, L, ...] -> [B, G L, ...]. Values beyond an assembly's length are 0.
  at::Tensor values(const at::Tensor& unit) const;         // equal in all copies
  at::Tensor points(const at::Tensor& unit) const;         // [B, L, ..., 3], rotated
  at::Tensor rotations(const at::Tensor& unit) const;      // [B, L, 3, 3], rotated; the identity beyond the length
  at::Tensor residue_index(const at::Tensor& unit) const;  // [B, L] i64; rises by kChainJoin between copies
  at::Tensor molecules(const at::Tensor& unit) const;      // [B, L] i64 numbers of molecules, different in each copy
  // [B, L] i64: base-pair partners. c n + j is residue j of the copy by rotations[c], as seen from the unit; negative
  // values are kept. Copy a then pairs with the copy by rotations[a] * rotations[c].
  at::Tensor partner(const at::Tensor& unit) const;

  // From the assembly to the unit: the mean over copies, each rotated back. [B, G L, ...] -> [B, L, ...], 0 beyond the
  // length.
  at::Tensor mean_values(const at::Tensor& all) const;
  at::Tensor mean_points(const at::Tensor& all) const;     // [B, G L, 3]
  at::Tensor mean_rotations(const at::Tensor& all) const;  // [B, G L, 3, 3]; a rotation; the identity beyond the length

 private:
  at::Tensor gathered(const at::Tensor& by_copy) const;  // [B, G, L, ...] -> [B, G L, ...], without inner padding
  at::Tensor separated(const at::Tensor& all) const;     // the inverse

  at::Tensor rotations_;     // [G, 3, 3] f64 on the device
  at::Tensor product_;       // [G, G] i64
  at::Tensor unit_lengths_;  // [B, 1] i64
  at::Tensor all_lengths_;   // [B]
  at::Tensor of_assembly_;   // [B, G L] i64: row in [G, L] of each residue of the assembly; 0 beyond its length
  at::Tensor of_unit_;       // [B, G L] i64: row in the assembly of each residue in [G, L]; 0 in the unit's padding
  at::Tensor in_assembly_;   // [B, G L] bool
  at::Tensor in_unit_;       // [B, L] bool
};

}  // namespace flashrna
