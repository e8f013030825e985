#include "libfold/flow/flow_config.h"

#include <cmath>

#include "base/error.h"
#include "libfold/configuration.h"

namespace flashrna {
namespace {

void require_one_of(const char* key, const std::string& value, const char* first, const char* second) {
  if (value != first && value != second) fail_usage("{} = {}: must be {} or {}", key, value, first, second);
}

void require_positive(const char* key, double value) {
  if (!(value > 0)) fail_usage("{} = {}: must be above 0", key, value);
}

}  // namespace

void FlowConfig::add_options(Configuration& configuration) {
  configuration.bind("flow.min_t", min_t, "training times are from min_t to max_t, sampling starts at min_t");
  configuration.bind("flow.max_t", max_t,
                     "end of training times and of sampling; 0 = 1 - min_t in training, 1 in sampling");
  configuration.bind("flow.translation_sigma", translation_sigma, "standard deviation of the noise, Å per coordinate");
  configuration.bind(
      "flow.prior", prior,
      "noise of the translations: fixed width; scaled, at least 3.2 Å L^(1/3) wide; or chain, alike at every length");
  configuration.bind("flow.rotation_noise", rotation_noise, "of training: igso3 or uniform");
  configuration.bind("flow.igso3_sigma", igso3_sigma, "width of the igso3 noise, radians, 0.1 or more");
  configuration.bind("flow.training_rotation_schedule", training_rotation_schedule, "linear or exponential");
  configuration.bind("flow.sampling_rotation_schedule", sampling_rotation_schedule, "linear or exponential");
  configuration.bind("flow.rotation_rate", rotation_rate, "rate of the exponential rotation schedules");
  configuration.bind("flow.rotation_start", rotation_start,
                     "time at which the exponential schedule of sampling begins; before it, it is linear");
  configuration.bind("flow.unpaired_rotation_schedule", unpaired_rotation_schedule,
                     "of sampling, for residues that a given secondary structure leaves unpaired: linear, or "
                     "exponential[:rate[:start]]; empty: as all others");
  configuration.bind("flow.coupling", coupling, "pair noise and data within a batch by optimal transport");
  configuration.bind("flow.coupling_cost", coupling_cost,
                     "kabsch: distances of superposed translations; se3: squared distances of frames");
  configuration.bind("flow.stochasticity", stochasticity,
                     "strength g of the noise around the path in training and of the diffusion in sampling; 0 = none");
}

RotationSchedule FlowConfig::sampling_schedule() const {
  return {sampling_rotation_schedule == "exponential", rotation_rate, rotation_start};
}

RotationSchedule FlowConfig::unpaired_schedule() const {
  if (unpaired_rotation_schedule.empty()) return sampling_schedule();
  return parse_schedule(unpaired_rotation_schedule, "flow.unpaired_rotation_schedule =");
}

double FlowConfig::path_noise(double t) const {
  constexpr double kLeast = 0.01;  // published
  return stochasticity > 0 ? std::sqrt(stochasticity * stochasticity * t * (1 - t) + kLeast * kLeast) : 0.0;
}

void FlowConfig::validate() const {
  if (!(min_t >= 0 && min_t < 0.5)) fail_usage("flow.min_t = {}: must be at least 0 and below 0.5", min_t);
  if (!(max_t == 0 || (max_t > min_t && max_t < 1)))
    fail_usage("flow.max_t = {}: must be above flow.min_t = {} and below 1, or 0", max_t, min_t);
  if (min_t == 0 && max_t == 0) fail_usage("flow.min_t = 0: needs a flow.max_t below 1");
  require_positive("flow.translation_sigma", translation_sigma);
  if (prior != "fixed" && prior != "scaled" && prior != "chain")
    fail_usage("flow.prior = {}: must be fixed, scaled or chain", prior);
  require_one_of("flow.rotation_noise", rotation_noise, "igso3", "uniform");
  if (!(igso3_sigma >= 0.1)) fail_usage("flow.igso3_sigma = {}: must be at least 0.1", igso3_sigma);
  require_one_of("flow.training_rotation_schedule", training_rotation_schedule, "linear", "exponential");
  require_one_of("flow.sampling_rotation_schedule", sampling_rotation_schedule, "linear", "exponential");
  require_positive("flow.rotation_rate", rotation_rate);
  if (!(rotation_start >= 0 && rotation_start < 1))
    fail_usage("flow.rotation_start = {}: must be at least 0 and below 1", rotation_start);
  if (!unpaired_rotation_schedule.empty())
    parse_schedule(unpaired_rotation_schedule, "flow.unpaired_rotation_schedule =");
  require_one_of("flow.coupling_cost", coupling_cost, "kabsch", "se3");
  if (coupling && coupling_cost == "se3" && rotation_noise != "uniform")
    fail_usage("flow.coupling_cost = se3: pairs rotations too, and needs flow.rotation_noise = uniform");
  if (!(stochasticity >= 0 && stochasticity <= 0.5))
    fail_usage("flow.stochasticity = {}: must be from 0 to 0.5", stochasticity);
}

}  // namespace flashrna
