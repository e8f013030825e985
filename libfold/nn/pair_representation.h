// The pair representation, in one of two forms.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace flashrna {

// Factorized: z_ij ~ sum_r factor_1[i, r] * factor_2[j, r], memory O(L). Full: one vector per pair, memory O(L^2). Or
// neither.
struct PairRepresentation {
  at::Tensor factor_1, factor_2;  // [B, L, R, C], or undefined
  at::Tensor full;                // [B, L, L, C] (query, key), or undefined
};

// Values of model.mode, by their published names.
enum class PairMode {
  kFactorized,      // flash_1d_bias: two factors per residue from the start
  kNone,            // flash_no_bias, orig_no_bias
  kFull,            // orig_2d_bias
  kFullFactorized,  // flash_2d_factorize_bias: a full representation, factorized by a learned compression
};

// Throws UsageError that names the allowed modes.
PairMode parse_pair_mode(const std::string& mode);

}  // namespace flashrna
