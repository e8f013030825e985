// Duration of a run, its training method, and how often it writes.
#pragma once

#include <cstdint>
#include <string>

namespace flashrna {

class Configuration;

struct TrainingConfig {
  std::uint64_t seed = 0;
  long steps = 100000;   // optimizer steps of the whole run
  double minutes = 0.0;  // stop after this many minutes of the command; 0 = no limit
  double learning_rate = 1e-4;
  long warmup_steps = 0;              // the learning rate increases linearly over these steps
  std::string schedule = "constant";  // or cosine: to 0 at `steps`
  long cooldown_steps = 0;            // of a constant schedule: linearly to 0 over the last steps
  std::string initial_weights;        // checkpoint or weights file of the initial weights; empty = random
  // Parts of the network that are trained, separated by commas: beginnings of the names of parameters, as
  // "angle_pred_net". The others keep their initial weights. Empty: all.
  std::string trained_parts;
  double clip_norm = 0.0;             // largest L2 norm of the gradient; 0 = no clipping
  double ema_decay = 0.999;           // of the averaged weights; 0 = no average
  long accumulate = 1;                // batches whose gradients are accumulated per step
  std::string reduction = "fast";     // of gradients over processes, or ordered: distributed/gradient_reduction.h
  long shards = 8;                    // parts of a step with the ordered reduction; at least the processes
  std::string precision = "f32";      // or bf16, tf32: matrix products of the network (libfold/mixed_precision.h)
  bool recompute = false;             // recompute activations in backward: less memory, a third more time
  double self_conditioning = 0.5;     // fraction of steps that use the model's own first prediction
  long checkpoint_every = 1000;       // steps; 0 = only at the end
  long keep_checkpoints = 3;          // number of latest checkpoints to keep, besides the best one (best.h5)
  long validate_every = 1000;         // steps; 0 = never
  long validation_samples = 4;        // backbones sampled at each validation; 0 = none
  long validation_sample_steps = 50;  // calls of the model for each
  long log_every = 10;                // steps per row of metrics.csv; its losses are means over them

  void add_options(Configuration& configuration);  // section [training]
  void validate() const;
};

}  // namespace flashrna
