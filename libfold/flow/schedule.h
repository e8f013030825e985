// Progress along the path as a function of time, and the times of training and sampling. Time runs from 0 (noise) to 1
// (data).
#pragma once

#include <vector>

namespace flashrna {

// Motion of a rotation along its geodesic: at constant speed, or exponentially with rate c, 1 - exp(-c t).
struct RotationSchedule {
  bool exponential = false;
  double rate = 10.0;  // c; not used by the linear schedule

  // Fraction of the geodesic covered at time t.
  double progress(double t) const;
  // Speed at time t < 1 relative to the remaining geodesic: 1 / (1 - t), or c.
  double speed(double t) const;
};

// Maps u in (0, 1) uniformly to a time in [min_t, max_t].
double training_time(double u, double min_t, double max_t);

// `steps` >= 2 equally spaced times from min_t to max_t.
std::vector<double> equal_times(int steps, double min_t, double max_t = 1.0);

}  // namespace flashrna
