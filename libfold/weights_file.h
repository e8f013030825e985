// A weights file: the part of a checkpoint that sampling needs, small enough to ship. read_checkpoint
// (libfold/checkpoint.h) reads it.
//   /                  attrs: format="flashrna-weights", version, program, program_version, step, epoch, batch,
//                      best_loss, data, configuration, longest_chain, longest_chain_length, structure_grammar as in a
//                      checkpoint; averaged (1: moving average, 0: as trained), parameters, dataset_sha256, license,
//                      description ("" = not given)
//   /weights/<name>    f16, the names of a checkpoint
// The configuration names the dataset's file and the initial weights without their folders, which are private.
#pragma once

#include <optional>
#include <string>

#include "libfold/checkpoint.h"
#include "libfold/flow/schedule.h"

namespace flashrna {

// Metadata that a checkpoint lacks. Each may be empty; those of a weights file that is written again are then kept.
struct WeightsNotes {
  std::string program_version;
  std::string dataset_sha256;  // of the training dataset's file
  std::string license;
  std::string description;
  std::optional<RotationSchedule> schedule;           // default schedule of its samples; empty: the checkpoint's own
  std::optional<RotationSchedule> unpaired_schedule;  // as SamplerControl::unpaired_schedule
};

// Replaces the weights that write_weights would write (those as trained, or their moving average) by the mean of them
// and of `other`'s. The mean of two states of one training is often better than both (Wortsman et al. 2022,
// arXiv:2203.05482). Throws Error naming the first tensor whose name or shape differs.
void average_with(Checkpoint& checkpoint, const Checkpoint& other, bool averaged);

// Writes the moving average if `averaged` is true and the checkpoint has one, otherwise the weights as trained. The
// same checkpoint and notes give the same bytes. Throws Error, and writes nothing, if `path` exists and `overwrite` is
// false, if the configuration cannot be read, or if float16 cannot represent a value (beyond ±65,504, or not finite);
// the message names the tensor.
void write_weights(const std::string& path, const Checkpoint& checkpoint, const WeightsNotes& notes, bool averaged,
                   bool overwrite);

}  // namespace flashrna
