// Exponential moving average of the weights, which validation and sampling use.
#pragma once

#include <cstdint>

#include "libfold/checkpoint.h"

namespace flashrna {

class Ema {
 public:
  // Starts with the current parameters. `decay` is in [0, 1); 0 keeps no average.
  Ema(NamedParameters parameters, double decay);

  bool enabled() const { return decay_ > 0; }
  // average <- average + (1 - d)(weights - average), d = min(decay, (1 + n) / (10 + n)) after `n` earlier updates. The
  // small d of the first updates discards the initial weights quickly.
  void update(std::int64_t n);
  // Exchanges the values of weights and average; calling it twice restores both.
  void swap();

  const NamedParameters& average() const { return average_; }

 private:
  NamedParameters parameters_;
  NamedParameters average_;
  double decay_;
};

// Puts the averaged weights into the model for the scope.
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
