// Exponential moving average of the weights: what validation and sampling use, smoother than the last step.
#pragma once

#include <cstdint>

#include "libfold/checkpoint.h"

namespace flashrna {

class Ema {
 public:
  // Starts at the parameters' present values. `decay` in [0, 1); 0 = no average is kept.
  Ema(NamedParameters parameters, double decay);

  bool enabled() const { return decay_ > 0; }
  // average <- average + (1 - d)(weights - average), d = min(decay, (1 + n) / (10 + n)) after `n` earlier updates:
  // the short memory of the beginning forgets the initial weights.
  void update(std::int64_t n);
  // Exchanges the values of weights and average; calling it twice restores both.
  void swap();

  const NamedParameters& average() const { return average_; }

 private:
  NamedParameters parameters_;
  NamedParameters average_;
  double decay_;
};

// The averaged weights are in the model for the scope's length.
class ScopedEma {
 public:
  explicit ScopedEma(Ema& ema) : ema_(ema) { ema_.swap(); }
  ~ScopedEma() { ema_.swap(); }
  ScopedEma(const ScopedEma&) = delete;
  ScopedEma& operator=(const ScopedEma&) = delete;

 private:
  Ema& ema_;
};

}  // namespace flashrna
