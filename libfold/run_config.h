// Everything that decides a training run, component by component: what a configuration file sets, what a run's
// config.ini and its checkpoints store, and what a sampler needs to rebuild the model.
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
};

// From INI text as Configuration::to_ini() gives it; `name` stands for the text in errors.
RunConfig read_run_config(const std::string& text, const std::string& name);

// For a run that goes on: every key of `configuration` that was not set by the user takes the value stored in the
// checkpoint's INI text. A key that was set and differs is refused with Error, except those that do not change what
// is being trained (how long, how often to write, where the same data lies). `configuration` must be bound to a
// RunConfig; `path` names the checkpoint in errors.
void adopt_checkpoint_configuration(Configuration& configuration, const std::string& text, const std::string& path);

}  // namespace flashrna
