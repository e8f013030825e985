// A checkpoint: one HDF5 file with everything a run needs to go on, or a sampler to start. Numbers and text only, so
// that loading one runs no code.
//   /                  attrs: format="flashrna-checkpoint", version, program, step, epoch, batch, best_loss, data,
//                      configuration (INI text), longest_chain, longest_chain_length (absent in older files)
//   /weights/<name>    f32, names of libfold/nn/flow_model.h ("trunk.ipa_0.linear_q.weight")
//   /ema/<name>        f32, the moving average of the weights; absent when training.ema_decay = 0
//   /optimizer/exp_avg/<name>, exp_avg_sq/<name>, step/<name>      f32, state of AdamW
// read_checkpoint also takes a weights file, which has less of this (libfold/weights_file.h).
// Random numbers need no state: every stream is a function of (training.seed, purpose, step).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace flashrna {

class Hdf5Group;

using NamedTensors = std::map<std::string, at::Tensor>;
// In the model's order; the tensors share the model's storage.
using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

struct Checkpoint {
  std::string path;           // where it was read from
  std::string configuration;  // INI text
  std::int64_t step = 0;      // optimizer steps done
  std::int64_t epoch = 0;     // where the next batch is: epoch, and batch within it
  std::int64_t batch = 0;
  double best_loss = 0.0;        // lowest validation loss so far (training loss without validation); inf = none yet
  std::string data;              // fingerprint of the training chains (TrainingData::fingerprint)
  std::string longest_chain;     // id of the longest training chain; empty = not known
  int longest_chain_length = 0;  // residues of it in a batch, after cropping; 0 = not known
  NamedTensors weights, ema;     // f32 on the CPU
  NamedTensors exp_avg, exp_avg_sq, optimizer_step;
  bool weights_only = false;  // from a weights file: no state of the optimizer, nothing to go on training with
  bool averaged = false;      // of a weights file: `weights` is the moving average
};

inline constexpr const char* kCheckpointFormat = "flashrna-checkpoint";
inline constexpr const char* kWeightsFormat = "flashrna-weights";

// Written under a temporary name, synced, renamed: whole or absent. Replaces `path` if it exists.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// A checkpoint or a weights file. Throws Error if the file is missing, not HDF5, neither of the two, of a later
// version, or damaged.
Checkpoint read_checkpoint(const std::string& path);

// What is said about the tensors of a checkpoint, as attributes of `root`; `configuration` stands for its own.
void write_checkpoint_attributes(Hdf5Group& root, const Checkpoint& checkpoint, const char* format,
                                 const std::string& configuration);

// A group of named tensors, as f32 datasets; f16 ones are read too. Reading throws Error for other types and for more
// than the file holds.
void write_tensors(Hdf5Group& parent, const std::string& name, const NamedTensors& tensors,
                   const std::string& description);
NamedTensors read_tensors(const Hdf5Group& group);

// Copies `tensors` into `parameters`, whatever their dtype and device. Throws Error, and copies nothing, unless names
// and shapes agree one by one; the message lists what differs. `where` begins it ("step_8.h5:/weights").
void copy_into(const NamedParameters& parameters, const NamedTensors& tensors, const std::string& where);

// Detached f32 copies on the CPU.
NamedTensors copy_of(const NamedParameters& parameters);

}  // namespace flashrna
