// The padding of a batch as masks, made once (kernels/padding.h) and shared by the layers of a network.
#pragma once

#include <ATen/core/Tensor.h>

namespace flashrna {

struct PaddingMasks {
  at::Tensor padding;     // [B, L] bool
  at::Tensor real;        // [B, L, 1], 1 for residues, 0 in the padding
  at::Tensor residues;    // [B, 1, 1], their number, at least 1
  at::Tensor key_logits;  // [B, L], 0 for residues. In the padding -1e30, which is finite, because minus infinity times
                          // a zero would be NaN, and so would a row without any key

  bool defined() const { return padding.defined(); }
};

}  // namespace flashrna
