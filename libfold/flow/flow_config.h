// The probability path: distributions of the noise, and schedules of the rotations.
#pragma once

#include <string>

namespace flashrna {

class Configuration;

struct FlowConfig {
  double min_t = 0.01;              // times are drawn from [min_t, 1 - min_t] and sampling starts at min_t
  double translation_sigma = 10.0;  // Å per coordinate
  // fixed; scaled: max(translation_sigma, 3.2 Å L^(1/3)); chain: libfold/flow/chain_prior.h, which does not use
  // translation_sigma
  std::string prior = "fixed";
  std::string rotation_noise = "igso3";                    // igso3, uniform: rotation noise in training
  double igso3_sigma = 1.5;                                // radians
  std::string training_rotation_schedule = "linear";       // linear or exponential
  std::string sampling_rotation_schedule = "exponential";  // linear or exponential
  double rotation_rate = 10.0;                             // rate of the exponential schedule
  bool coupling = true;                                    // minibatch optimal transport of the translations

  void add_options(Configuration& configuration);  // section [flow]
  void validate() const;                           // throws UsageError naming the key
};

}  // namespace flashrna
