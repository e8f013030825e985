// How far along the path a time is, and the times of training and sampling. Time runs from 0 (noise) to 1 (data).
#pragma once

#include <vector>

namespace flashrna {

// How a rotation moves along its geodesic: at constant speed, or closing in exponentially at a rate c, 1 - exp(-c t).
struct RotationSchedule {
  bool exponential = false;
  double rate = 10.0;  // c; not used by the linear schedule

  // Share of the geodesic covered at time t.
  double progress(double t) const;
  // Speed at time t < 1 relative to what is left of the geodesic: 1 / (1 - t), or c.
  double speed(double t) const;
};

// A time for u in (0, 1): uniform in [min_t, 1 - min_t].
double training_time(double u, double min_t);

// min_t .. 1, `steps` >= 2 times in equal steps.
std::vector<double> equal_times(int steps, double min_t);

}  // namespace flashrna
