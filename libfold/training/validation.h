// Quality of the model on held-out chains: losses under fixed noise, and comparison of samples with native structures.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "libfold/distributed/process_group.h"
#include "libfold/sampling/sampler.h"
#include "libfold/training/training_data.h"
#include "libfold/training/training_step.h"
#include "rna/measure/local_geometry.h"

namespace flashrna {

class Validation {
 public:
  // `data` and `step` (which holds the model) must outlive the object. Reads the geometry of the held-out chains. The
  // processes of `group` share the work; both functions are collective.
  Validation(const RunConfig& config, const TrainingData& data, TrainingStep& step, const ProcessGroup& group = {});

  // validation_loss and, by bin of t, validation_t_0.0_0.2 ... over the held-out chains, with the same noise every
  // time.
  std::map<std::string, double> losses();
  // Samples training.validation_samples backbones with the lengths of held-out chains and the same noise every time,
  // and writes them to `folder` as mmCIF. Returns the columns of sample_columns(). Only the first process writes and
  // returns them; the others ignore `folder`.
  std::map<std::string, double> samples(const std::string& folder);

  static std::vector<std::string> loss_columns();
  // sample_c4_c4_w1, sample_o3_p_w1: Wasserstein distances, Å, to the held-out natives. sample_c4_neighbors,
  // sample_bonded: fractions of neighbors with C4'-C4' from 5 to 7 Å and with O3'-P below 2.5 Å. sample_rg_ratio: mean
  // ratio of the radius of gyration to that of natives of the same length, 5.7 Å L^0.32. sample_helix_share: fraction
  // of nucleotides in helices. sample_suite_outliers, sample_suites_1a: fractions of backbone conformers that are
  // outliers and 1a; sample_suiteness: their mean suiteness.
  static std::vector<std::string> sample_columns();

 private:
  // The samples of all processes, in the first one.
  std::vector<SampledBackbone> sample_shared();

  const RunConfig& config_;
  const TrainingData& data_;
  TrainingStep& step_;
  const ProcessGroup group_;
  Sampler sampler_;
  LocalGeometry natives_;
  std::vector<int> sample_lengths_;
};

}  // namespace flashrna
