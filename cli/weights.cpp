// flashrna weights: writes the part of a checkpoint that sampling needs to a small file (libfold/weights_file.h).
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/shipped_weights.h"
#include "cli/table.h"
#include "cli/version.h"
#include "datasets/hdf5/file.h"
#include "kernels/torch_headers.h"
#include "libfold/run_config.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/training/run_folder.h"
#include "libfold/training/training_data.h"
#include "libfold/weights_file.h"

namespace flashrna {
namespace {

// The grammar that training on `dataset` with the checkpoint's filters, split and seed would keep. For checkpoints of
// programs that kept none.
std::string grammar_of_dataset(const std::string& dataset, const Checkpoint& checkpoint) {
  RunConfig config = read_run_config(checkpoint.configuration, checkpoint.path);
  if (!config.model.condition_pairs)
    fail(
        "{}: was trained without base pairs (model.condition_pairs = false), so that a grammar of secondary structures "
        "is of no use; leave --grammar-from out",
        checkpoint.path);
  config.data.path = dataset;
  const TrainingData data(config.data, config.training.seed);
  if (data.fingerprint() != checkpoint.data)
    fail(
        "--grammar-from {}: holds other training chains ({}) than {} was trained on ({}); give the dataset it was "
        "trained on",
        dataset, data.fingerprint(), checkpoint.path, checkpoint.data);
  return data.fit_structure_grammar().to_text();
}

// Weights known by name: those found, then published ones that are not here.
void print_list(bool as_json) {
  Table table({"name", "place", "file", "bytes", "sha256", "description"});
  std::vector<PublishedWeights> missing = published_weights();
  for (const FoundWeights& one : find_weights_files(weights_folders())) {
    const std::string sha256 = sha256_hex(read_file(one.path));
    std::string about = "not of this project, or changed";
    for (const PublishedWeights& published : published_weights())
      if (published.sha256 == sha256) about = published.description;
    table.add_row({one.name, one.place, one.path, std::filesystem::file_size(one.path), sha256, about});
    std::erase_if(missing, [&](const PublishedWeights& published) { return published.name == one.name; });
  }
  for (const PublishedWeights& one : missing)
    table.add_row({one.name, "missing", {}, one.bytes, one.sha256, one.description});
  table.print(as_json);
}

}  // namespace

int weights_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  std::string output, kind = "ema", dataset, schedule, unpaired_schedule, grammar_from, average_file;
  WeightsNotes notes;
  bool overwrite = false, list = false;
  CommonOptions common;
  CommandLine line("weights", "Writes what sampling needs of a checkpoint as a small file, to ship and to share.",
                   "flashrna weights runs/demo --output demo.h5 --license CC-BY-4.0 --overwrite\n"
                   "flashrna weights --list");
  line.positional("CHECKPOINT", files, "a checkpoint, or a run's folder for its last one");
  line.option("output", output, "FILE.h5", "the weights, as float16, with the configuration", Need::kRequired);
  line.option("weights", kind, "KIND", "ema (raw where the checkpoint has no average) or raw");
  line.option("average-with", average_file, "CHECKPOINT",
              "write the mean of these weights and those of another checkpoint of the same model");
  line.option("schedule", schedule, "NAME",
              "of the rotations, in its samples: linear, or exponential[:rate[:start]]; default: the checkpoint's");
  line.option("unpaired-schedule", unpaired_schedule, "NAME",
              "the same for residues that the secondary structure leaves unpaired; default: --schedule, or the "
              "checkpoint's");
  line.option("dataset", dataset, "FILE.h5", "what it was trained on: its SHA-256 is kept");
  line.option(
      "grammar-from", grammar_from, "FILE.h5",
      "dataset whose training chains give the grammar of secondary structures, instead of the checkpoint's own");
  line.option("license", notes.license, "TEXT", "of the weights, kept in the file");
  line.option("description", notes.description, "TEXT", "kept in the file");
  line.flag("overwrite", overwrite, "replace the output if it exists");
  line.flag("list", list, "alone: the weights that sample --checkpoint NAME finds, with their SHA-256");
  line.complete_with("list");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  if (list) {
    if (!files.empty() || !output.empty()) fail_usage("--list takes neither CHECKPOINT nor --output");
    print_list(common.json);
    return 0;
  }
  if (kind != "ema" && kind != "raw") fail_usage("--weights {}: must be ema or raw", kind);
  const std::string path = checkpoint_file(files.at(0));
  if (std::error_code none; std::filesystem::equivalent(path, output, none))
    fail("{}: is the checkpoint itself; give another --output", output);
  check_output_path(output, overwrite);
  if (!schedule.empty()) notes.schedule = parse_schedule(schedule, "--schedule");
  if (!unpaired_schedule.empty()) notes.unpaired_schedule = parse_schedule(unpaired_schedule, "--unpaired-schedule");
  Checkpoint checkpoint = read_checkpoint(path);
  if (checkpoint.averaged && kind == "raw")
    fail("{}: holds the moving average of the weights alone; leave --weights raw out", path);
  if (!average_file.empty()) average_with(checkpoint, read_checkpoint(checkpoint_file(average_file)), kind == "ema");
  if (!dataset.empty()) notes.dataset_sha256 = sha256_hex(read_file(dataset));
  if (!grammar_from.empty()) checkpoint.structure_grammar = grammar_of_dataset(grammar_from, checkpoint);
  notes.program_version = program_version();
  write_weights(output, checkpoint, notes, kind == "ema", overwrite);
  Table table({"item", "value"});
  table.add_row({"file", output});
  table.add_row({"checkpoint", path});
  table.add_row({"step", checkpoint.step});
  table.add_row({"structure grammar", !checkpoint.structure_grammar.empty()});
  table.add_row({"bytes", std::filesystem::file_size(output)});
  table.add_row({"sha256", sha256_hex(read_file(output))});
  table.print(common.json);
  return 0;
}

}  // namespace flashrna
