// What a call of invariant point attention costs at least: the operations that it must do and the bytes that it must
// move. Every rate and every share that the benchmarks print is counted here. No torch.
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

// Of one sequence of L residues. A product of m x k and k x n counts 2 m k n; heads are C + 3 P_q + R wide for queries
// and keys and C + 3 P_v + R c for values, unpadded. Backward makes the logits again and then four products: three of
// the one width and two of the other. Bytes: every input read once and every output written once, in f32; backward also
// reads the outputs, the sums of pair values by rank, a log-sum-exp a row, and the gradients by the outputs.
FlashIpaWork flash_ipa_work(std::int64_t L, const FlashIpaSizes& sizes);

// The least time in seconds on an NVIDIA H200 at its sustained 790 TFLOP/s and 4.3 TB/s.
double h200_roofline_seconds(double flops, double bytes);

}  // namespace flashrna
