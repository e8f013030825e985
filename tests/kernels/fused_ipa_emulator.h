// Emulates the fused kernels of invariant point attention on the host: the same operands, tiles, order of steps and
// functions (kernels/flash_ipa/fused/), with the arithmetic of the tensor core instead of its instructions. It
// reproduces the rounding of a GPU without one. Heads run in parallel.
#pragma once

#include <vector>

#include "kernels/flash_ipa/fused/arguments.h"
#include "tests/kernels/tensor_core.h"

namespace flashrna {

struct EmulatorOptions {
  fused_ipa::Tile tile = fused_ipa::kForwardTileSm90;
  bool strict = false;  // P as two halves, and value points summed per tile
  int parts = 1;        // number of parts of the keys
  Accumulation accumulation = Accumulation::k24Bits;
  std::vector<int> rows;  // the query rows to compute in every batch entry, ascending; empty: all rows
};

// Writes the chosen rows of `out`.
void emulate_forward(const fused_ipa::Arguments& in, const EmulatorOptions& options, const fused_ipa::Outputs& out);

struct BackwardOptions {
  fused_ipa::Tile query_tile = fused_ipa::kQueryGradientTileSm90;  // of the kernel with queries as rows
  fused_ipa::Tile key_tile = fused_ipa::kKeyGradientTileSm90;      // of the kernel with keys as rows
  Accumulation accumulation = Accumulation::k24Bits;
  int parts_of_keys = 1, parts_of_queries = 1;  // over which the two kernels sum
};

// Writes the gradients of all rows of the entries, and the gradient of the heads' weights.
void emulate_backward(const fused_ipa::Arguments& in, const fused_ipa::OutputGradients& gradients,
                      const BackwardOptions& options, const fused_ipa::InputGradients& out);

}  // namespace flashrna
