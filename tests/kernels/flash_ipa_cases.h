// Inputs of flash_ipa for tests: the table of shapes on which every backend must agree with the dense definition.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_fused.h"

namespace flashrna {

struct FlashIpaShape {
  std::vector<int64_t> lengths;  // padded to the longest
  int64_t H, C, P_q, P_v, R, c;
};

// Deterministic values of order 1, the same on every machine.
class Waves {
 public:
  at::Tensor operator()(at::IntArrayRef shape) {
    phase_ += 0.7312;
    return at::arange(c10::multiply_integers(shape), at::kDouble).mul(1.37).add(phase_).sin().view(shape);
  }

 private:
  double phase_ = 0.0;
};

inline at::Tensor random_rotations(Waves& wave, int64_t B, int64_t L) {
  const at::Tensor q = wave({B, L, 4}) + 0.1;
  const auto u = (q / q.norm(2, -1, true)).unbind(-1);
  const at::Tensor &w = u[0], &x = u[1], &y = u[2], &z = u[3];
  return at::stack({1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),
                    1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 2 * (x * z - w * y), 2 * (y * z + w * x),
                    1 - 2 * (x * x + y * y)},
                   -1)
      .view({B, L, 3, 3});
}

inline FlashIpaInput make_input(const FlashIpaShape& s, at::ScalarType dtype) {
  const int64_t B = static_cast<int64_t>(s.lengths.size());
  const int64_t L = s.lengths.empty() ? 0 : *std::max_element(s.lengths.begin(), s.lengths.end());
  Waves wave;
  const auto values = [&](at::IntArrayRef shape) { return wave(shape).to(dtype); };
  FlashIpaInput in;
  in.q = values({B, L, s.H, s.C});
  in.k = values({B, L, s.H, s.C});
  in.v = values({B, L, s.H, s.C});
  in.q_points = values({B, L, s.H, s.P_q, 3});
  in.k_points = values({B, L, s.H, s.P_q, 3});
  in.v_points = values({B, L, s.H, s.P_v, 3});
  in.rotations = random_rotations(wave, B, L).to(dtype);
  in.translations = values({B, L, 3}) * 3.0;
  in.point_weights = (wave({s.H}).abs() * 0.1 + 0.05).to(dtype);
  if (s.R > 0) {
    in.bias_q = values({B, L, s.H, s.R});
    in.bias_k = values({B, L, s.H, s.R});
    in.pair_q = values({B, L, s.R, s.c});
    in.pair_k = values({B, L, s.R, s.c});
  }
  in.lengths = at::tensor(s.lengths, at::kLong);
  return in;
}

inline std::vector<at::Tensor*> floating_inputs(FlashIpaInput& in) {
  std::vector<at::Tensor*> all;
  for (const auto& operand : flash_ipa_backends::kFusedOperands) {
    if ((in.*operand.tensor).defined()) all.push_back(&(in.*operand.tensor));
  }
  return all;
}

inline std::vector<at::Tensor> outputs_of(const FlashIpaOutput& out) {
  std::vector<at::Tensor> all = {out.scalars, out.points, out.point_norms};
  if (out.pairs.defined()) all.push_back(out.pairs);
  return all;
}

// A weighted sum of all outputs with weights that do not repeat.
inline at::Tensor scalar_of(const FlashIpaOutput& out) {
  Waves wave;
  at::Tensor sum = at::scalar_tensor(0.0, out.scalars.options());
  for (const at::Tensor& t : outputs_of(out)) sum = sum + (t * wave(t.sizes()).to(t.options())).sum();
  return sum;
}

struct FlashIpaCase {
  const char* name;
  FlashIpaShape shape;
  at::ScalarType dtype;
  double tolerance;  // relative to the largest magnitude
};

inline void PrintTo(const FlashIpaCase& c, std::ostream* out) { *out << c.name; }

// f64: 1e-12 is a thousand rounding errors. f32: logits of order 10 have errors of 1e-6, and the exponential passes
// them on.
inline const std::vector<FlashIpaCase> kFlashIpaCases = {
    {"one_residue", {{1}, 2, 4, 2, 3, 2, 4}, at::kDouble, 1e-12},
    {"two_residues", {{2}, 2, 4, 2, 3, 2, 4}, at::kDouble, 1e-12},
    {"ragged", {{97, 13, 1, 60}, 3, 8, 4, 5, 2, 4}, at::kDouble, 1e-12},
    {"rank_1", {{33, 20}, 2, 8, 4, 4, 1, 8}, at::kDouble, 1e-12},
    {"rank_3", {{33, 20}, 2, 8, 4, 4, 3, 8}, at::kDouble, 1e-12},
    {"rank_4", {{33, 20}, 2, 8, 4, 4, 4, 8}, at::kDouble, 1e-12},
    {"rank_5", {{33, 20}, 2, 8, 4, 4, 5, 8}, at::kDouble, 1e-12},
    {"rank_6", {{33, 20}, 2, 8, 4, 4, 6, 8}, at::kDouble, 1e-12},
    {"rank_7", {{33, 20}, 2, 8, 4, 4, 7, 8}, at::kDouble, 1e-12},
    {"rank_8", {{33, 20}, 2, 8, 4, 4, 8, 8}, at::kDouble, 1e-12},
    {"without_pair", {{33, 20}, 2, 8, 4, 4, 0, 0}, at::kDouble, 1e-12},
    {"empty_sequence", {{5, 0, 3}, 2, 8, 4, 4, 2, 4}, at::kDouble, 1e-12},
    {"empty_batch", {{}, 2, 8, 4, 4, 2, 4}, at::kDouble, 1e-12},
    {"long", {{1025}, 2, 16, 4, 4, 2, 4}, at::kFloat, 2e-5},
    {"ragged_f32", {{97, 13, 1, 60}, 3, 8, 4, 5, 2, 4}, at::kFloat, 2e-5},
    {"many_tiles", {{301, 97, 128}, 2, 16, 8, 12, 2, 16}, at::kFloat, 2e-5},
    {"default_size", {{150, 1}, 2, 128, 8, 12, 2, 32}, at::kFloat, 2e-5},
};

}  // namespace flashrna
