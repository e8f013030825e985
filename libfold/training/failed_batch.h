// A training step whose loss or gradient was not finite, as a file from which it can be run again: where its batches
// stand in the data, their chains and times, and the weights of that moment.
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
    std::int64_t epoch = 0, batch = 0, index = 0;  // `index` names the noise: TrainingStep::evaluate
  };

  std::string configuration;  // INI text
  std::int64_t step = 0;      // optimizer steps done before
  std::uint64_t seed = 0;
  std::string data;               // fingerprint of the training chains
  std::string message;            // what the run ended with
  std::vector<Position> batches;  // several where gradients are accumulated
  std::vector<FailedChain> chains;
  NamedTensors weights;
};

// HDF5: attributes, /batches/{epoch, batch, index}, /chains/{id, t, batch}, /weights. Whole or absent.
void write_failed_batch(const std::string& path, const FailedBatch& failed);
// Throws Error if the file is missing, not of this kind, or damaged.
FailedBatch read_failed_batch(const std::string& path);

struct ReplayedChain {
  FailedChain chain;
  double t = 0.0;   // as drawn now: equal, unless the file was changed
  StepTerms terms;  // of this chain alone
};

struct Replay {
  std::vector<ReplayedChain> chains;
  StepTerms terms;  // of the step
};

// Runs the step again. Throws Error if the dataset of `config` holds other chains than it was trained on.
Replay replay_failed_batch(const FailedBatch& failed, const RunConfig& config, at::Device device);

}  // namespace flashrna
