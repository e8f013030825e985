// Base atoms of RNA as differentiable functions of the backbone and chi: place_base of rna/all_atoms.h on tensors.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

// backbone [B, L, 13, 3]: positions (Å) by slot, of which O4', C1' and the glycosidic nitrogen are used; chi [B, L, 2]
// (sin, cos) of length 1; letters [B, L] i64, values of Base. Returns [B, L, 10, 3] in Å: the atoms in the slots after
// the nitrogen. Atoms that a base lacks (all of Base::N) are at the nitrogen.
at::Tensor place_bases(const at::Tensor& backbone, const at::Tensor& chi, const at::Tensor& letters);

}  // namespace flashrna
