#include "libfold/nn/pair_representation.h"

#include "base/error.h"

namespace flashrna {

PairMode parse_pair_mode(const std::string& mode) {
  if (mode == "flash_1d_bias") return PairMode::kFactorized;
  if (mode == "flash_no_bias" || mode == "orig_no_bias") return PairMode::kNone;
  if (mode == "orig_2d_bias") return PairMode::kFull;
  if (mode == "flash_2d_factorize_bias") return PairMode::kFullFactorized;
  fail_usage(
      "model.mode = {}: must be flash_1d_bias, flash_no_bias, orig_2d_bias, orig_no_bias or flash_2d_factorize_bias",
      mode);
}

}  // namespace flashrna
