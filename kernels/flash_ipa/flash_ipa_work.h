// The minimum cost of a call of invariant point attention: required operations and required memory traffic. All rates
// and shares that the benchmarks print are computed from these counts. No torch.
#pragma once

#include <cstdint>

namespace flashrna {

// The published network's sizes; names as in FlashIpaInput.
struct FlashIpaSizes {
  std::int64_t H = 8, C = 128, P_q = 8, P_v = 12, R = 2, c = 32;  // R = 0: no pair representation
};

struct FlashIpaWork {
  double forward_flops, backward_flops;
  double forward_bytes, backward_bytes;
};

// Work for one sequence of L residues. A product of m x k and k x n counts 2 m k n. Heads are C + 3 P_q + R wide for
// queries and keys and C + 3 P_v + R c for values, without padding. Backward recomputes the logits and then needs four
// products: three of the first width in total and two of the second. Bytes: every input is read once and every output
// written once, in f32. Backward also reads the outputs, the sums of pair values by rank, one log-sum-exp per row, and
// the gradients with respect to the outputs.
FlashIpaWork flash_ipa_work(std::int64_t L, const FlashIpaSizes& sizes);

// Minimum time in seconds on an NVIDIA H200 at its sustained 790 TFLOP/s and 4.3 TB/s.
double h200_roofline_seconds(double flops, double bytes);

}  // namespace flashrna
