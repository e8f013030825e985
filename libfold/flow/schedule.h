// Progress along the path as a function of time, and the times of training and sampling. Time runs from 0 (noise) to 1
// (data).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flashrna {

// Motion of a rotation along its geodesic: at constant speed, or exponentially with rate c, 1 - exp(-c t).
struct RotationSchedule {
  bool exponential = false;
  double rate = 10.0;  // c
  double start = 0.0;  // time at which an exponential schedule begins; before it, the speed is constant

  // Fraction of the geodesic covered at time t.
  double progress(double t) const;
  // Speed at time t < 1 relative to the remaining geodesic: 1 / (1 - t), or c.
  double speed(double t) const;

  bool operator==(const RotationSchedule&) const = default;
};

// "linear", "exponential" (rate 10), "exponential:RATE" or "exponential:RATE:START". Throws UsageError beginning with
// `name`, an option or a key.
RotationSchedule parse_schedule(const std::string& text, std::string_view name);
// The inverse: "exponential:10", "exponential:8:0.5".
std::string schedule_text(const RotationSchedule& schedule);

// Maps u in (0, 1) uniformly to a time in [min_t, max_t].
double training_time(double u, double min_t, double max_t);

// `steps` >= 2 equally spaced times from min_t to max_t.
std::vector<double> equal_times(int steps, double min_t, double max_t = 1.0);

}  // namespace flashrna
