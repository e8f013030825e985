// AdamW (Loshchilov & Hutter, arXiv:1711.05101) with PyTorch's defaults, on LibTorch's fused kernel, with the learning
// rate's schedule and gradient clipping. The state is plain tensors by parameter name.
#pragma once

#include <cstdint>
#include <string>

#include "libfold/checkpoint.h"

namespace flashrna {

struct LearningRateSchedule {
  double peak = 1e-4;
  std::int64_t warmup_steps = 0;    // linear increase from peak / warmup_steps
  std::string shape = "constant";   // or cosine: from the peak after the warm-up to 0 at `steps`
  std::int64_t steps = 0;           // total steps of the run
  std::int64_t cooldown_steps = 0;  // of a constant schedule: linear decrease to 0 at `steps`

  // Learning rate of the step after `steps_done` steps.
  double at(std::int64_t steps_done) const;
};

class AdamW {
 public:
  // Updates `parameters` in place.
  explicit AdamW(NamedParameters parameters);

  // One update from the parameters' gradients. A parameter without a gradient is unchanged.
  void step(double learning_rate);
  void zero_gradients();

  // Copies the state to or from a checkpoint. load() throws Error if names or shapes differ.
  void save(Checkpoint& checkpoint) const;
  void load(const Checkpoint& checkpoint);

 private:
  NamedParameters parameters_;
  NamedParameters exp_avg_, exp_avg_sq_;  // same shapes as the parameters
  NamedParameters step_;                  // scalars: the number of updates
};

// Scales all gradients by min(1, max_norm / (norm + 1e-6)). Returns their L2 norm before scaling, a scalar on their
// device. max_norm = 0 computes the norm only.
at::Tensor clip_gradients(const NamedParameters& parameters, double max_norm);

}  // namespace flashrna
