// A checkpoint: one HDF5 file with all that a run needs to resume and a sampler needs to start. It holds numbers and
// text only, so that loading it runs no code.
//   /                  attrs: format="flashrna-checkpoint", version, program, step, epoch, batch, best_loss, data,
//                      configuration (INI text), longest_chain, longest_chain_length (absent in older files),
//                      structure_grammar (JSON of rna/pairs/structure_grammar.h; absent without one)
//   /weights/<name>    f32, names of libfold/nn/flow_model.h ("trunk.ipa_0.linear_q.weight")
//   /ema/<name>        f32, the moving average of the weights; absent when training.ema_decay = 0
//   /optimizer/exp_avg/<name>, exp_avg_sq/<name>, step/<name>      f32, state of AdamW
// read_checkpoint also reads a weights file, which holds a part of this (libfold/weights_file.h). Random numbers need
// no state: every stream is a function of (training.seed, purpose, step).
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
// In the model's order. The tensors share the model's storage.
using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

struct Checkpoint {
  std::string path;           // the file it was read from
  std::string configuration;  // INI text
  std::int64_t step = 0;      // optimizer steps done
  std::int64_t epoch = 0;     // position of the next batch: epoch, and batch within it
  std::int64_t batch = 0;
  double best_loss = 0.0;         // lowest validation loss so far (training loss without validation); inf = none yet
  std::string data;               // fingerprint of the training chains (TrainingData::fingerprint)
  std::string longest_chain;      // id of the longest training chain; empty = unknown
  int longest_chain_length = 0;   // its residues in a batch, after cropping; 0 = unknown
  std::string structure_grammar;  // of the training chains' base pairs, as text; empty = none
  NamedTensors weights, ema;      // f32 on the CPU
  NamedTensors exp_avg, exp_avg_sq, optimizer_step;
  bool weights_only = false;  // from a weights file: no optimizer state, so training cannot resume
  // Of a weights file (weights_file.h); empty in a checkpoint of a run.
  bool averaged = false;  // whether `weights` is the moving average
  std::string dataset_sha256, license, description;
};

inline constexpr const char* kCheckpointFormat = "flashrna-checkpoint";
inline constexpr const char* kWeightsFormat = "flashrna-weights";

// Writes atomically: temporary name, sync, rename. Replaces `path` if it exists.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Reads a checkpoint or a weights file. Throws Error if the file is missing, not HDF5, neither of the two, of a later
// version, or damaged.
Checkpoint read_checkpoint(const std::string& path);

// Writes what describes the tensors as attributes of `root`, with `configuration` in place of the checkpoint's own.
void write_checkpoint_attributes(Hdf5Group& root, const Checkpoint& checkpoint, const char* format,
                                 const std::string& configuration);

// A group of named tensors as f32 datasets. Reading also accepts f16. It throws Error for other types, and for tensors
// larger than the file.
void write_tensors(Hdf5Group& parent, const std::string& name, const NamedTensors& tensors,
                   const std::string& description);
NamedTensors read_tensors(const Hdf5Group& group);

// Copies `tensors` into `parameters` of any dtype and device. Throws Error, and copies nothing, unless all names and
// shapes agree; the message begins with `where` ("step_8.h5:/weights") and lists the differences.
void copy_into(const NamedParameters& parameters, const NamedTensors& tensors, const std::string& where);

// Copies the tensors of a model into one that may have grown since: `parameters` may have further names, which keep
// their values, and larger dimensions. In a grown parameter, further input columns (dimension 1) become 0, so that they
// change nothing at first, and further rows (dimension 0) keep their values. Throws Error, and copies nothing, if a
// tensor has no parameter of its name or does not fit into it.
void copy_into_grown(const NamedParameters& parameters, const NamedTensors& tensors, const std::string& where);

// Detached f32 copies on the CPU.
NamedTensors copy_of(const NamedParameters& parameters);

}  // namespace flashrna
