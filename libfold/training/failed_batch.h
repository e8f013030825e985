// The record of a training step whose loss or gradient was not finite, from which the step can be run again: positions
// of its batches in the data, their chains and times, and the weights before the step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/checkpoint.h"
#include "libfold/training/training_step.h"

namespace flashrna {

class Configuration;

struct FailedChain {
  std::string id;
  double t = 0.0;
  std::int64_t batch = 0;  // index into FailedBatch::batches
};

struct FailedBatch {
  struct Position {
    std::int64_t epoch = 0, batch = 0, index = 0;  // `index` selects the noise: TrainingStep::evaluate
  };

  std::string configuration;  // INI text
  std::int64_t step = 0;      // optimizer steps done before this one
  std::uint64_t seed = 0;
  std::string data;               // fingerprint of the training chains
  std::string message;            // error message of the run
  std::vector<Position> batches;  // several if gradients are accumulated
  std::vector<FailedChain> chains;
  NamedTensors weights;
};

// HDF5: attributes, /batches/{epoch, batch, index}, /chains/{id, t, batch}, /weights. Written atomically.
void write_failed_batch(const std::string& path, const FailedBatch& failed);
// Throws Error if the file is missing, of another kind, or damaged.
FailedBatch read_failed_batch(const std::string& path);

struct ReplayedChain {
  FailedChain chain;
  double t = 0.0;   // drawn in the replay; equal to the stored time unless the file was changed
  StepTerms terms;  // of this chain alone
};

struct Replay {
  std::vector<ReplayedChain> chains;
  StepTerms terms;  // of the whole step
};

// Runs the step again. Throws Error if the dataset of `config` has other chains than the run's dataset.
Replay replay_failed_batch(const FailedBatch& failed, const RunConfig& config, at::Device device);

}  // namespace flashrna
