#include "libfold/flow/schedule.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/error.h"

namespace flashrna {

double RotationSchedule::progress(double t) const {
  if (!exponential || t < start) return t;
  return start - (1.0 - start) * std::expm1(-rate * (t - start));
}

double RotationSchedule::speed(double t) const { return exponential && t >= start ? rate : 1.0 / (1.0 - t); }

RotationSchedule parse_schedule(const std::string& text, std::string_view name) {
  if (text == "linear") return {};
  RotationSchedule schedule{.exponential = true};
  std::string_view rest = text;
  // Reads ":NUMBER" at the beginning of `rest`.
  const auto read = [&](double& value) {
    if (!rest.starts_with(':')) return false;
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
  };
  constexpr std::string_view kBeginning = "exponential";
  if (rest.starts_with(kBeginning)) {
    rest.remove_prefix(kBeginning.size());
    const bool numbers = rest.empty() || (read(schedule.rate) && (rest.empty() || read(schedule.start)));
    if (numbers && rest.empty() && schedule.rate > 0 && schedule.start >= 0 && schedule.start < 1) return schedule;
  }
  fail_usage(
      "{} {}: must be linear, exponential, exponential:RATE, or exponential:RATE:START with a rate above 0 and a "
      "start from 0 to below 1",
      name, text);
}

std::string schedule_text(const RotationSchedule& schedule) {
  if (!schedule.exponential) return "linear";
  const std::string text = fmt::format("exponential:{:g}", schedule.rate);
  return schedule.start > 0 ? fmt::format("{}:{:g}", text, schedule.start) : text;
}

double training_time(double u, double min_t, double max_t) { return u * (max_t - min_t) + min_t; }

std::vector<double> equal_times(int steps, double min_t, double max_t) {
  if (steps < 2) fail("sampling in {} steps: at least 2 are needed, the start and the end", steps);
  std::vector<double> times(steps);
  for (int k = 0; k < steps; ++k) times[k] = min_t + (max_t - min_t) * k / (steps - 1);
  times.back() = max_t;
  return times;
}

}  // namespace flashrna
