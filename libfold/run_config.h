// The complete configuration of a training run, by component: a configuration file sets it, config.ini and checkpoints
// store it, and a sampler rebuilds the model from it.
#pragma once

#include <string>

#include "libfold/conditioning_config.h"
#include "libfold/flow/flow_config.h"
#include "libfold/nn/model_config.h"
#include "libfold/published_conventions.h"
#include "libfold/training/data_config.h"
#include "libfold/training/loss_config.h"
#include "libfold/training/training_config.h"

namespace flashrna {

class Configuration;

struct RunConfig {
  DataConfig data;
  ModelConfig model;
  FlowConfig flow;
  ConditioningConfig conditioning;
  LossConfig losses;
  TrainingConfig training;
  PublishedConventions published;

  void add_options(Configuration& configuration);  // all sections
  void validate() const;                           // throws UsageError naming the key

 private:
  void validate_polymer() const;
};

// Parses INI text as written by Configuration::to_ini(). `name` identifies the text in errors.
RunConfig read_run_config(const std::string& text, const std::string& name);

// Completes the configuration of a resumed run: every key of `configuration` that the user did not set takes the value
// stored in the checkpoint's INI text. Throws Error for a key that was set and differs, except for keys that do not
// change the trained model (duration, write intervals, path of the same data). `configuration` must be bound to a
// RunConfig. `path` names the checkpoint in errors.
void adopt_checkpoint_configuration(Configuration& configuration, const std::string& text, const std::string& path);

}  // namespace flashrna
