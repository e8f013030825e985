// flashrna sample: samples backbones from a checkpoint or from the shipped weights, and writes one structure file each
// (libfold/sampling).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/median.h"
#include "base/sha256.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/shipped_weights.h"
#include "cli/table.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/sampling/drawn_structures.h"
#include "libfold/sampling/sample_writer.h"
#include "libfold/sampling/sampler.h"
#include "libfold/sampling/trajectory.h"
#include "libfold/training/run_folder.h"

namespace flashrna {
namespace {

std::string sha256_of_file(const std::string& path) { return sha256_hex(read_file(path)); }

// Converts text of samples.csv to a number if it is one.
Table::Cell cell_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty()) return {};
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return text;
}

void print_samples(const SampleWriter& writer, const std::vector<PlannedSample>& plan, const SampleConfig& config,
                   bool as_json) {
  std::vector<std::string> columns{"file",       "length", "c4_neighbors", "bonded", "clashes", "radius_of_gyration",
                                   "helix_share"};
  if (config.asks_for_pairs()) columns.emplace_back("pair_f1");
  if (!config.reference.empty()) columns.emplace_back("rmsd_to_reference");
  Table table(columns);
  for (const PlannedSample& sample : plan) {
    std::vector<Table::Cell> cells{writer.path_of(sample), sample.length};
    for (std::size_t i = 2; i < columns.size(); ++i) cells.push_back(cell_of(writer.row(sample).at(columns[i])));
    table.add_row(cells);
  }
  table.print(as_json);
}

// Prints one line about all samples that could be compared with the reference.
void print_reference_summary(const SampleWriter& writer, const std::vector<PlannedSample>& plan,
                             const SampleConfig& config) {
  std::vector<double> rmsd;
  for (const PlannedSample& sample : plan) {
    const std::string& text = writer.row(sample).at("rmsd_to_reference");
    if (!text.empty()) rmsd.push_back(std::stod(text));
  }
  if (rmsd.empty()) {
    fmt::print(stderr, "no sample is as long as the reference {}\n", config.reference);
    return;
  }
  const auto [lowest, highest] = std::ranges::minmax(rmsd);
  fmt::print(stderr, "C4' RMSD of {} samples to {}: median {:.2f} Å, from {:.2f} to {:.2f} Å\n", rmsd.size(),
             config.reference, median(rmsd), lowest, highest);
}

void tell_of_shipped_weights(const Checkpoint& checkpoint) {
  const std::filesystem::path card = std::filesystem::path(checkpoint.path).parent_path() / "README.md";
  const std::string can = std::filesystem::exists(card) ? "; what they can do: " + card.string() : "";
  fmt::print(stderr, "no --checkpoint: the weights that ship with flashrna, {} ({} steps){}\n", checkpoint.path,
             checkpoint.step, can);
}

void warn_of_long_lengths(const SampleConfig& config, const Checkpoint& checkpoint) {
  const int longest = checkpoint.longest_chain_length;
  std::vector<int> beyond = asked_lengths(config);
  std::erase_if(beyond, [&](int length) { return length <= longest; });
  if (longest == 0 || beyond.empty()) return;
  fmt::print(stderr,
             "warning: {} up to {}: the longest chain that {} was trained on is {} with {} residues; longer "
             "backbones may look less like RNA\n",
             config.lengths.empty() ? "--secondary-structure of lengths" : "--lengths", beyond.back(), checkpoint.path,
             checkpoint.longest_chain, longest);
}

// [B, L] i64; undefined if none is asked for.
at::Tensor partners_of(const PlannedBatch& batch) {
  std::vector<std::int64_t> partner;
  for (const PlannedSample& sample : batch.samples)
    partner.insert(partner.end(), sample.partner.begin(), sample.partner.end());
  if (partner.empty()) return {};
  return at::tensor(partner, at::kLong).view({static_cast<std::int64_t>(batch.samples.size()), batch.length});
}

// Samples the backbones of a batch, and writes its trajectory if requested and missing. Empty if interrupted.
std::vector<SampledBackbone> sample_batch(Sampler& sampler, const PlannedBatch& batch, const SampleConfig& config,
                                          const std::string& trajectory_path) {
  std::optional<TrajectoryFile> trajectory;
  std::function<void(const SamplingStep&)> observe;
  const int every = trajectory_interval(config.trajectory);
  if (every > 0 && !std::filesystem::exists(trajectory_path)) {
    trajectory.emplace(trajectory_path, batch, config.seed, config.steps, every);
    observe = [&](const SamplingStep& step) { trajectory->add(step); };
  }
  std::vector<SampledBackbone> backbones;
  try {
    SampleRequest request{
        .lengths = batch.lengths(), .indices = batch.indices(), .seed = config.seed, .steps = config.steps};
    request.told.partner = partners_of(batch);
    backbones = sampler.sample(
        request, [] { return !interrupted(); }, observe);
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    const std::size_t count = batch.samples.size();
    fail("out of memory in a batch of {} of {} residues; {}",
         count == 1 ? "1 backbone" : fmt::format("{} backbones", count), batch.length,
         count > 1
             ? fmt::format("give a --max-residues below {}, and another --output if there are samples in this one",
                           batch.length * static_cast<long>(count))
             : "it was alone in it already: leave this one of the --lengths out, or use a machine of more memory");
  }
  if (trajectory && !backbones.empty()) trajectory->commit();
  return backbones;
}

// Returns false if interrupted. A batch with a missing part is sampled again as a whole, because rounding depends on
// the batch. The files are therefore the same however often the command was interrupted.
bool sample_all(Sampler& sampler, SampleWriter& writer, const std::vector<PlannedBatch>& batches,
                const SampleConfig& config, bool quiet) {
  std::int64_t total = 0;
  for (const PlannedBatch& batch : batches) total += static_cast<std::int64_t>(batch.samples.size());
  Progress progress("sampling", "backbones", total, quiet);
  for (const PlannedBatch& batch : batches) {
    if (!writer.has(batch)) {
      const auto start = std::chrono::steady_clock::now();
      const auto backbones = sample_batch(sampler, batch, config, writer.trajectory_path(batch));
      if (backbones.empty()) return false;
      writer.write(batch, backbones, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    progress.advance(static_cast<std::int64_t>(batch.samples.size()));
  }
  return true;
}

std::vector<PlannedSample> samples_of(const std::vector<PlannedBatch>& batches) {
  std::vector<PlannedSample> samples;
  for (const PlannedBatch& batch : batches) samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
  return samples;
}

void add_options(CommandLine& line, SampleConfig& config, std::string& output, std::string& shard) {
  line.option(
      "checkpoint", config.checkpoint, "FILE",
      "trained model, a run's folder for its last checkpoint, or a name of flashrna weights --list; default: the "
      "weights that ship with flashrna");
  line.option("lengths", config.lengths, "LIST", "residues: lengths and ranges first-last:step, such as 40,60-120:20");
  line.option(
      "secondary-structure", config.secondary_structure, "STRING|FILE",
      "base pairs to make, instead of --lengths: dot-bracket, ? where nothing is said; or a .dbn, .bpseq or .ct "
      "file, each of whose structures makes --samples; or, with --lengths, grammar: drawn for each sample from the "
      "checkpoint's grammar (the default if it has one), or none: left to the network");
  line.option("output", output, "DIR", "folder of the samples; given again, only what is missing is made",
              Need::kRequired);
  line.option("shard", shard, "K/N",
              "make part K of N, for a job of an array; without it, what is missing of all parts");
  line.option("samples", config.samples, "N", "backbones per length or secondary structure");
  line.option("steps", config.steps, "N", "calls of the model per backbone, at least 2");
  line.option("schedule", config.schedule, "NAME",
              "of the rotations: linear, or exponential[:rate]; default: the checkpoint's");
  line.option("noise-scale", config.noise_scale, "X", "times the standard deviation of the initial translations");
  line.option("steric-rounds", config.steric_rounds, "N",
              "at each step, in which residues whose atoms overlap are moved apart; 0 = none");
  line.option("relax-rounds", config.relax_rounds, "N",
              "in the end, in which small moves mend overlaps, links O3'-P and asked base pairs; 0 = none");
  line.option("pair-rounds", config.pair_rounds, "N",
              "the same at each step, where base pairs are asked for; 0 = none");
  line.option("weights", config.weights, "KIND", "ema (raw where the checkpoint has no average) or raw");
  line.option("max-residues", config.max_residues, "N", "residues per batch; a longer backbone runs alone");
  line.option("format", config.format, "NAME",
              "cif, pdb, both, or models: all samples of a batch as models of one mmCIF file");
  line.option("nucleotide", config.nucleotide, "LETTER", "name of every residue: N, A, C, G or U");
  line.option("sequence", config.sequence, "FILE",
              "FASTA file that names the residues: each record those of the samples as long as it");
  line.option("design-sequence", config.design_sequence, "N",
              "sequences proposed per backbone, as FASTA beside it, pairs drawn jointly; no replacement for an "
              "inverse-folding program: docs/sampling.md says how to hand a backbone to one; 0 = none");
  line.option("temperature", config.temperature, "T",
              "of that draw: 1 = the network's own probabilities, below 1 more of the probable letters");
  line.flag("all-atom", config.all_atom,
            "write the bases of named residues, placed by chi; needs a model with model.torsions = 9");
  line.option("trajectory", config.trajectory, "STEPS",
              "all or every:N: keep these steps, noise first, in an HDF5 file per batch (docs/sampling.md)");
  line.option("reference", config.reference, "FILE", "structure to compare samples of its length with (C4' RMSD)");
  line.option("reference-chain", config.reference_chain, "ID", "its chain; default: the first with RNA");
}

}  // namespace

int sample_main(const std::vector<std::string>& arguments) {
  SampleConfig config;
  std::string output, shard_text;
  CommonOptions common;
  CommandLine line(
      "sample", "Makes new RNA backbones with a trained model.",
      "flashrna sample --lengths 40,60-120:20 --samples 10 --output samples\n"
      "flashrna sample --checkpoint runs/demo --lengths 40 --shard 1/2 --trajectory every:10 --output part\n"
      "flashrna sample --checkpoint runs/demo --secondary-structure '((((((....))))))' --samples 2 --output hairpins");
  add_options(line, config, output, shard_text);
  line.common(common);
  if (!line.parse(arguments)) return 0;
  config.seed = common.seed;
  config.validate();
  const Shard shard = parse_shard(shard_text);
  const bool shipped = config.checkpoint.empty();
  config.checkpoint = find_checkpoint(config.checkpoint, weights_folders());
  if (std::filesystem::is_directory(config.checkpoint)) config.checkpoint = latest_checkpoint(config.checkpoint);

  const at::Device device(select_device(common));
  const Checkpoint checkpoint = read_checkpoint(config.checkpoint);
  if (shipped && !common.quiet) tell_of_shipped_weights(checkpoint);
  config.checkpoint_sha256 = sha256_of_file(config.checkpoint);
  if (std::filesystem::is_regular_file(config.secondary_structure))
    config.secondary_structure_sha256 = sha256_of_file(config.secondary_structure);
  if (!config.sequence.empty()) config.sequence_sha256 = sha256_of_file(config.sequence);
  const std::optional<StructureGrammar> grammar = choose_grammar(config, checkpoint);
  SamplingControl control;
  if (!config.schedule.empty()) control.schedule = parse_schedule(config.schedule);
  control.noise_scale = config.noise_scale;
  control.steric_rounds = config.steric_rounds;
  control.relax_rounds = config.relax_rounds;
  control.pair_rounds = config.pair_rounds;
  Sampler sampler(checkpoint, config.weights, device, control);
  sampler.require_known({.pairs = config.asks_for_pairs()});
  sampler.require_predicted(config.all_atom, config.design_sequence > 0);
  config.schedule = schedule_text(sampler.schedule());
  if (!common.quiet) warn_of_long_lengths(config, checkpoint);
  SampleWriter writer(config, output, shard);
  std::vector<PlannedBatch> all_batches = plan_batches(config);
  if (grammar) {
    draw_structures(all_batches, *grammar, config.seed);
    const std::string path = (std::filesystem::path(output) / "structures.dbn").string();
    write_file_atomically(path, structures_text(all_batches));
    if (!common.quiet)
      fmt::print(
          stderr,
          "base pairs are drawn from the checkpoint's grammar, for each sample its own: {}; --secondary-structure "
          "none leaves them to the network\n",
          path);
  }
  const std::vector<PlannedBatch> batches = shard.part_of(all_batches);
  if (!sample_all(sampler, writer, batches, config, common.quiet)) {
    fmt::print(stderr, "interrupted; give the same command again to make what is missing in {}\n", output);
    return interrupted_status();
  }
  const std::vector<PlannedSample> plan = samples_of(batches);
  print_samples(writer, plan, config, common.json);
  if (!config.reference.empty() && !common.quiet) print_reference_summary(writer, plan, config);
  return 0;
}

}  // namespace flashrna
