#include "libfold/flow/schedule.h"

#include <cmath>

#include "base/error.h"

namespace flashrna {

double RotationSchedule::progress(double t) const { return exponential ? -std::expm1(-rate * t) : t; }

double RotationSchedule::speed(double t) const { return exponential ? rate : 1.0 / (1.0 - t); }

double training_time(double u, double min_t, double max_t) { return u * (max_t - min_t) + min_t; }

std::vector<double> equal_times(int steps, double min_t, double max_t) {
  if (steps < 2) fail("sampling in {} steps: at least 2 are needed, the start and the end", steps);
  std::vector<double> times(steps);
  for (int k = 0; k < steps; ++k) times[k] = min_t + (max_t - min_t) * k / (steps - 1);
  times.back() = max_t;
  return times;
}

}  // namespace flashrna
