#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "cli/benches.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/shipped_weights.h"
#include "cli/table.h"
#include "libfold/bench/sequence_recovery.h"
#include "libfold/checkpoint.h"
#include "libfold/training/run_folder.h"
#include "libfold/training/training_data.h"

namespace flashrna {
namespace {

struct SequenceBenchOptions {
  std::string checkpoint, weights = "ema", data, split;
  int longest = 1500;
  double temperature = 0.1;
};

Table::Cell cell(double value) { return std::isnan(value) ? Table::Cell() : Table::Cell(value, 3); }

Table table_of(const std::vector<SequenceRecovery>& predictors) {
  Table table({"predictor", "recovery", "paired", "loops", "perplexity", "perplexity_paired", "perplexity_loops",
               "residues", "residues_paired"});
  for (const SequenceRecovery& one : predictors) {
    table.add_row({one.predictor, cell(one.all.recovery()), cell(one.paired.recovery()), cell(one.loops.recovery()),
                   cell(one.all.perplexity()), cell(one.paired.perplexity()), cell(one.loops.perplexity()),
                   one.all.residues, one.paired.residues});
  }
  return table;
}

// The chains to measure: those of `split`, or the validation chains of the run.
std::vector<std::size_t> held_out_chains(const DatasetReader& dataset, const TrainingData& data,
                                         const SequenceBenchOptions& options) {
  std::vector<std::size_t> chains = data.validation();
  if (!options.split.empty()) {
    if (options.split == "train") fail_usage("--split train: the network was trained on it; give validation or test");
    chains.clear();
    for (std::size_t i = 0; i < dataset.chains().size(); ++i)
      if (dataset.chains()[i].split == options.split) chains.push_back(i);
  }
  if (chains.empty())
    fail("{}: no chain is held out{}; make splits with flashrna split", dataset.path(),
         options.split.empty() ? "" : fmt::format(" as split \"{}\"", options.split));
  return chains;
}

}  // namespace

int bench_sequences_main(const std::vector<std::string>& arguments) {
  SequenceBenchOptions options;
  CommonOptions common;
  CommandLine line(
      "bench sequences",
      "Recovery and perplexity of the nucleotides that a network proposes for native backbones that it was "
      "not trained on, beside two predictors without structure.",
      "flashrna bench sequences --checkpoint runs/demo --data rna.h5");
  line.option("checkpoint", options.checkpoint, "FILE",
              "trained model, or a run's folder for its last checkpoint; default: the weights that ship with flashrna");
  line.option("weights", options.weights, "KIND", "ema (raw where the checkpoint has no average) or raw");
  line.option("data", options.data, "FILE", "dataset; default: the one that the network was trained on");
  line.option("split", options.split, "NAME",
              "its chains that are measured: validation or test; default: the validation chains of the run");
  line.option("longest", options.longest, "N", "residues; longer chains are left out");
  line.option("temperature", options.temperature, "T", "of the designs");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  options.checkpoint = checkpoint_file(find_checkpoint(options.checkpoint, weights_folders()));
  const at::Device device(select_device(common));
  Sampler sampler(read_checkpoint(options.checkpoint), options.weights, device);
  sampler.require_predicted(false, true);

  DataConfig data_config = sampler.config().data;
  if (!options.data.empty()) data_config.path = options.data;
  const DatasetReader dataset(data_config.path);
  const TrainingData data(data_config, sampler.config().training.seed);
  SequenceRecoverySettings settings;
  settings.counted = data.training();
  settings.held_out = held_out_chains(dataset, data, options);
  settings.longest = options.longest;
  settings.temperature = options.temperature;
  settings.seed = common.seed;
  std::vector<SequenceRecovery> predictors;
  {
    Progress progress("scoring", "chains", static_cast<std::int64_t>(settings.held_out.size()), common.quiet);
    predictors = measure_sequence_recovery(dataset, sampler, settings, [&] { progress.advance(); });
  }
  table_of(predictors).print(common.json);
  return 0;
}

}  // namespace flashrna
