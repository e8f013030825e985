// Training: batch -> corrupt -> forward -> losses -> backward -> clip -> AdamW -> EMA -> log. One loop, one folder:
//   config.ini     the resolved configuration
//   metrics.csv    one row per logged step
//   events.out.tfevents.*   the same for TensorBoard
//   checkpoints/   step_00002000.h5, the last few; best.h5, the one with the lowest validation loss
//   samples/       step_00002000/*.cif, backbones sampled at each validation
//   failed_batch.h5         the step that ended the run, if its loss or gradient was not finite
// On the CPU, equal configurations give equal weights, whether or not a run was interrupted and resumed; with
// training.reduction = ordered, on any number of processes.
//
// Several processes train one model: each step's batches depend on the seed alone, every process computes a part of
// their chains (step_shards.h), and the first one writes the folder.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "libfold/distributed/process_group.h"

namespace flashrna {

class Configuration;
struct RunConfig;

struct TrainingProgress {
  std::int64_t step, steps;
  double loss;                 // of this step
  double residues_per_second;  // since the start of this command
  double seconds_left;
  std::int64_t memory;  // bytes: resident on the CPU, allocated on a GPU
};

// Callbacks of the caller; each may be empty.
struct TrainingObserver {
  std::function<void(const TrainingProgress&)> on_step;
  std::function<void(const std::string&)> on_message;
  // Called after each step; true, in any process: write a checkpoint and return.
  std::function<bool()> stop;
};

inline constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

struct TrainingResult {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  bool interrupted = false;              // by `stop` of any process
  double loss = kNotANumber;             // mean over the last logged steps; NaN = no step remained
  double validation_loss = kNotANumber;  // last; NaN = never validated
  double best_loss = 0.0;
  double seconds = 0.0;
  double residues_per_second = 0.0;
  double waiting = 0.0;    // fraction of the time spent waiting for data
  std::string checkpoint;  // the last one written, by the first process
  double exposed = 0.0;    // fraction of the time spent waiting for gradients of other processes
};

class Trainer {
 public:
  // Starts a new run in `folder`, or with `resume` continues its run from the last checkpoint. Throws Error, with the
  // remedy, if the folder holds a run and `resume` is false, or holds no run and `resume` is true. `configuration` is
  // bound to `config`; when resuming, adopt_checkpoint_configuration has completed it. Collective: throws Error in
  // every process of `group` if one fails, or has another configuration (but for data.path), other chains or another
  // step.
  Trainer(const RunConfig& config, const Configuration& configuration, const std::string& folder, bool resume,
          at::Device device, const ProcessGroup& group = {});
  ~Trainer();

  // Trains until training.steps, training.minutes or `stop`, and stores the last step in a checkpoint. Throws
  // Error that names step, chains and times if a loss or gradient is not finite. It then writes failed_batch.h5, and
  // `--data.replay` repeats that step, in one process. Collective.
  TrainingResult run(const TrainingObserver& observer);

  std::int64_t step() const;
  std::int64_t parameter_count() const;
  std::string data_summary() const;  // one line: chains, residues, batches per epoch

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashrna
