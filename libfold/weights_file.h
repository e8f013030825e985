// A weights file: of a checkpoint what a sampler needs, small enough to be shipped and shared. read_checkpoint
// (libfold/checkpoint.h) reads it back.
//   /                  attrs: format="flashrna-weights", version, program, program_version, step, epoch, batch,
//                      best_loss, data, configuration, longest_chain, longest_chain_length as in a checkpoint; averaged (1: the
//                      moving average, 0: as trained), parameters, dataset_sha256, license, description ("" = not
//                      given)
//   /weights/<name>    f16, the names of a checkpoint
// The configuration names the dataset's file without its folder, which is nobody else's business.
#pragma once

#include <optional>
#include <string>

#include "libfold/checkpoint.h"
#include "libfold/flow/schedule.h"

namespace flashrna {

// What a checkpoint does not know; each may be empty.
struct WeightsNotes {
  std::string program_version;
  std::string dataset_sha256;  // of the file it was trained on
  std::string license;
  std::string description;
  std::optional<RotationSchedule> schedule;  // that its samples take; empty: the checkpoint's own
};

// `averaged`: the moving average where the checkpoint has one, else (and without one) the weights as trained. The same
// checkpoint and notes give the same bytes. Throws Error, and writes nothing, if `path` exists and `overwrite` is
// false, for a configuration that cannot be read, and for a value that float16 cannot hold (beyond ±65,504, or not
// finite), naming its tensor.
void write_weights(const std::string& path, const Checkpoint& checkpoint, const WeightsNotes& notes, bool averaged,
                   bool overwrite);

}  // namespace flashrna
