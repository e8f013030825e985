// How long and how a run trains, and how often it writes.
#pragma once

#include <cstdint>
#include <string>

namespace flashrna {

class Configuration;

struct TrainingConfig {
  std::uint64_t seed = 0;
  long steps = 100000;   // optimizer steps of the whole run
  double minutes = 0.0;  // stop after so many minutes of this command; 0 = no limit
  double learning_rate = 1e-4;
  long warmup_steps = 0;              // the learning rate rises linearly over them
  std::string schedule = "constant";  // or cosine: to 0 at `steps`
  double clip_norm = 0.0;             // largest L2 norm of the gradient; 0 = no clipping
  double ema_decay = 0.999;           // of the averaged weights; 0 = none
  long accumulate = 1;                // batches whose gradients make one step
  std::string precision = "f32";      // or bf16: matrix products of the network (libfold/mixed_precision.h)
  bool recompute = false;             // activations block by block in backward: less memory, a third more time
  double self_conditioning = 0.5;     // share of steps that see the model's own first prediction
  long checkpoint_every = 1000;       // steps; 0 = only at the end
  long keep_checkpoints = 3;          // the last so many; the best one (best.h5) is kept beside them
  long validate_every = 1000;         // steps; 0 = never
  long validation_samples = 4;        // backbones sampled at each validation; 0 = none
  long validation_sample_steps = 50;  // calls of the model for each
  long log_every = 10;                // steps per row of metrics.csv, whose losses are means over them

  void add_options(Configuration& configuration);  // section [training]
  void validate() const;
};

}  // namespace flashrna
