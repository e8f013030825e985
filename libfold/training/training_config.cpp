#include "libfold/training/training_config.h"

#include "base/error.h"
#include "libfold/configuration.h"

namespace flashrna {

void TrainingConfig::add_options(Configuration& configuration) {
  configuration.bind("training.seed", seed, "of the initial weights, the order of the data and all noise");
  configuration.bind("training.steps", steps, "optimizer steps of the whole run");
  configuration.bind("training.minutes", minutes, "stop after so many minutes of one command; 0 = no limit");
  configuration.bind("training.learning_rate", learning_rate, "of AdamW, after the warm-up");
  configuration.bind("training.warmup_steps", warmup_steps, "steps over which the learning rate rises linearly");
  configuration.bind("training.schedule", schedule, "of the learning rate: constant, or cosine to 0 at training.steps");
  configuration.bind("training.cooldown_steps", cooldown_steps,
                     "last steps over which the learning rate of a constant schedule falls linearly to 0");
  configuration.bind("training.initial_weights", initial_weights,
                     "checkpoint or weights file to start from, of the same or of a smaller model; empty = random");
  configuration.bind("training.trained_parts", trained_parts,
                     "train only parameters whose names begin so, as angle_pred_net,letter_head; empty = all");
  configuration.bind("training.clip_norm", clip_norm, "largest L2 norm of the gradient; 0 = no clipping");
  configuration.bind("training.ema_decay", ema_decay, "of the moving average of the weights, below 1; 0 = none");
  configuration.bind("training.accumulate", accumulate, "batches whose gradients make one step");
  configuration.bind("training.reduction", reduction,
                     "of the gradients over processes: fast, or ordered, with equal bits for any number of processes");
  configuration.bind("training.shards", shards,
                     "parts of each step that the ordered reduction adds in order; at least the number of processes");
  configuration.bind("training.precision", precision, "f32, or bf16 or tf32 in the network's matrix products");
  configuration.bind("training.recompute", recompute,
                     "compute activations again in backward, block by block: less memory, a third more time");
  configuration.bind("training.self_conditioning", self_conditioning,
                     "share of steps, 0 to 1, that see the model's own first prediction");
  configuration.bind("training.checkpoint_every", checkpoint_every, "steps between checkpoints; 0 = only at the end");
  configuration.bind("training.keep_checkpoints", keep_checkpoints,
                     "number of checkpoints kept, the latest ones; the best is kept too");
  configuration.bind("training.validate_every", validate_every, "steps between validations; 0 = never");
  configuration.bind("training.validation_samples", validation_samples,
                     "backbones sampled at each validation; 0 = none");
  configuration.bind("training.validation_sample_steps", validation_sample_steps,
                     "calls of the model for each of them");
  configuration.bind("training.log_every", log_every, "steps per row of metrics.csv");
}

void TrainingConfig::validate() const {
  check_at_least("training.steps", steps, 1L);
  check_at_least("training.minutes", minutes, 0.0);
  check_at_least("training.warmup_steps", warmup_steps, 0L);
  check_at_least("training.cooldown_steps", cooldown_steps, 0L);
  if (cooldown_steps > 0 && schedule != "constant")
    fail_usage("training.cooldown_steps = {}: belongs to training.schedule = constant, not to {}", cooldown_steps,
               schedule);
  check_at_least("training.clip_norm", clip_norm, 0.0);
  check_at_least("training.checkpoint_every", checkpoint_every, 0L);
  check_at_least("training.keep_checkpoints", keep_checkpoints, 1L);
  check_at_least("training.validate_every", validate_every, 0L);
  check_at_least("training.validation_samples", validation_samples, 0L);
  check_at_least("training.validation_sample_steps", validation_sample_steps, 2L);
  check_at_least("training.log_every", log_every, 1L);
  check_at_least("training.accumulate", accumulate, 1L);
  check_at_least("training.shards", shards, 1L);
  if (reduction != "fast" && reduction != "ordered")
    fail_usage("training.reduction = {}: must be fast or ordered", reduction);
  if (precision != "f32" && precision != "bf16" && precision != "tf32")
    fail_usage("training.precision = {}: must be f32, bf16 or tf32", precision);
  if (learning_rate <= 0) fail_usage("training.learning_rate = {}: must be above 0", learning_rate);
  if (schedule != "constant" && schedule != "cosine")
    fail_usage("training.schedule = {}: must be constant or cosine", schedule);
  if (ema_decay < 0 || ema_decay >= 1) fail_usage("training.ema_decay = {}: must be from 0 to below 1", ema_decay);
  if (self_conditioning < 0 || self_conditioning > 1)
    fail_usage("training.self_conditioning = {}: must be from 0 to 1", self_conditioning);
}

}  // namespace flashrna
