// The probability path: distributions of the noise, and schedules of the rotations. Time runs from 0 (noise) to 1
// (data). FoldFlow (arXiv:2310.02391) runs its time s from data to noise: t = 1 - s.
#pragma once

#include <string>

#include "libfold/flow/schedule.h"

namespace flashrna {

class Configuration;

struct FlowConfig {
  double min_t = 0.01;              // times are drawn from [min_t, max_t] and sampling starts at min_t
  double max_t = 0.0;               // 0: times are drawn up to 1 - min_t, sampling ends at 1; else both end at max_t
  double translation_sigma = 10.0;  // Å per coordinate
  // fixed; scaled: max(translation_sigma, 3.2 Å L^(1/3)); chain: libfold/flow/chain_prior.h, which does not use
  // translation_sigma
  std::string prior = "fixed";
  std::string rotation_noise = "igso3";                    // igso3, uniform: rotation noise in training
  double igso3_sigma = 1.5;                                // radians
  std::string training_rotation_schedule = "linear";       // linear or exponential
  std::string sampling_rotation_schedule = "exponential";  // linear or exponential
  double rotation_rate = 10.0;                             // rate of the exponential schedule
  double rotation_start = 0.0;  // time at which the exponential schedule of sampling begins; before it: linear
  // In sampling, of residues without a partner in a given secondary structure (parse_schedule); "": as all others
  std::string unpaired_rotation_schedule;
  bool coupling = true;  // minibatch optimal transport of noise to data
  // kabsch: of the translations, each noise rotated onto its datum; se3: of frames, without rotation (coupling.h)
  std::string coupling_cost = "kabsch";
  // g of FoldFlow's stochastic path: a state at time t gets noise of the width path_noise(t), and sampling diffuses; 0
  // = none
  double stochasticity = 0.0;

  // Width of the noise around the path: sqrt(g^2 t (1 - t) + 0.01^2), in units of translation_sigma for translations
  // and radians for rotations; 0 for g = 0.
  double path_noise(double t) const;

  RotationSchedule sampling_schedule() const;
  RotationSchedule unpaired_schedule() const;

  void add_options(Configuration& configuration);  // section [flow]
  void validate() const;                           // throws UsageError naming the key
};

}  // namespace flashrna
