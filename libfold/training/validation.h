// How good the model is on chains it does not train on: losses under fixed noise, and what it samples beside natives.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "libfold/sampling/sampler.h"
#include "libfold/training/training_data.h"
#include "libfold/training/training_step.h"
#include "rna/measure/local_geometry.h"

namespace flashrna {

class Validation {
 public:
  // Both must outlive it; `step` holds the model. The held-out chains' geometry is read here.
  Validation(const RunConfig& config, const TrainingData& data, TrainingStep& step);

  // validation_loss and, by bin of t, validation_t_0.0_0.2 ... over the held-out chains, the same noise every time.
  std::map<std::string, double> losses();
  // Samples as many backbones as training.validation_samples says, as long as held-out chains and from the same noise
  // every time, and writes them to `folder` as mmCIF. Columns of sample_columns().
  std::map<std::string, double> samples(const std::string& folder);

  static std::vector<std::string> loss_columns();
  // sample_c4_c4_w1, sample_o3_p_w1: Wasserstein distances, Å, to the held-out natives; sample_c4_neighbors,
  // sample_bonded: shares of neighbors with C4'-C4' in 5 to 7 Å and with O3'-P below 2.5 Å; sample_rg_ratio: mean of
  // the radius of gyration over that of natives of the length, 5.7 Å L^0.32; sample_helix_share: of nucleotides in
  // double helices; sample_suite_outliers: of backbone conformers.
  static std::vector<std::string> sample_columns();

 private:
  const RunConfig& config_;
  const TrainingData& data_;
  TrainingStep& step_;
  Sampler sampler_;
  LocalGeometry natives_;
  std::vector<int> sample_lengths_;
};

}  // namespace flashrna
