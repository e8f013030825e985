// flashrna sample: samples backbones from a checkpoint or from the shipped weights, and writes one structure file each
// (libfold/sampling).
#include <ATen/Parallel.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/median.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/shipped_weights.h"
#include "cli/table.h"
#include "datasets/ordered_pipeline.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/run_config.h"
#include "libfold/sampling/design_request.h"
#include "libfold/sampling/drawn_structures.h"
#include "libfold/sampling/sample_writer.h"
#include "libfold/sampling/sampler.h"
#include "libfold/sampling/spec_file.h"
#include "libfold/sampling/trajectory.h"
#include "libfold/training/run_folder.h"

namespace flashrna {
namespace {

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
  std::vector<std::string> columns{"file", "length"};
  std::ranges::copy(printed_columns(config), std::back_inserter(columns));
  Table table(columns);
  for (const PlannedSample& sample : plan) {
    std::vector<Table::Cell> cells{writer.path_of(sample), sample.length()};
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
  fmt::print(stderr, "{} RMSD of {} samples to {}: median {:.2f} Å, from {:.2f} to {:.2f} Å\n",
             polymer_model(config.polymer_kind()).origin, rmsd.size(), config.reference, median(rmsd), lowest, highest);
}

void tell_of_shipped_weights(const Checkpoint& checkpoint) {
  const std::filesystem::path card = std::filesystem::path(checkpoint.path).parent_path() / "README.md";
  const std::string can = std::filesystem::exists(card) ? "; what they can do: " + card.string() : "";
  fmt::print(stderr, "no --checkpoint: the weights that ship with flashrna, {} ({} steps){}\n", checkpoint.path,
             checkpoint.step, can);
}

void warn_of_long_lengths(const SampleConfig& config, const std::vector<PlannedBatch>& plan,
                          const Checkpoint& checkpoint) {
  int longest = 0;
  for (const PlannedBatch& batch : plan) longest = std::max(longest, batch.longest());
  if (checkpoint.longest_chain_length == 0 || longest <= checkpoint.longest_chain_length) return;
  fmt::print(stderr,
             "warning: {} up to {}: the longest chain that {} was trained on is {} with {} residues; longer "
             "backbones may look less like natives\n",
             config.lengths.empty() ? "samples of lengths" : "--lengths", longest, checkpoint.path,
             checkpoint.longest_chain, checkpoint.longest_chain_length);
}

// Letters that no two nucleotides of a given pair have.
void warn_of_impossible_pairs(const std::vector<PlannedBatch>& plan) {
  const Design* last = nullptr;
  for (const PlannedBatch& batch : plan) {
    for (const PlannedSample& sample : batch.samples) {
      if (sample.design.get() == last) continue;
      last = sample.design.get();
      const std::vector<std::string> pairs = impossible_pairs(*last);
      if (!pairs.empty())
        fmt::print(stderr, "warning: {}: the letters of these pairs are no GC, AU or GU: {}\n", sample.name,
                   fmt::join(pairs, ", "));
    }
  }
}

void tell_of_letters(const SampleConfig& config, const ConditioningKinds& asked, bool known) {
  if (config.sequence.empty() || !asked.letters) return;
  fmt::print(stderr, "--sequence {}\n",
             known
                 ? "is a condition: the model was trained with letters"
                 : "names the residues only: the model was trained without letters (model.condition_letters = false)");
}

// Samples the backbones of a batch, and writes its trajectory if requested and missing. Empty if interrupted.
std::vector<SampledBackbone> sample_batch(Sampler& sampler, const PlannedBatch& batch, const SampleConfig& config,
                                          bool letters_known, const std::string& trajectory_path) {
  std::optional<TrajectoryFile> trajectory;
  std::function<void(const SamplingStep&)> observe;
  const int every = trajectory_interval(config.trajectory);
  if (every > 0 && !std::filesystem::exists(trajectory_path)) {
    trajectory.emplace(trajectory_path, batch, config.seed, config.steps, every,
                       traits_of(sampler.config().model.polymer_kind()).torsions);
    observe = [&](const SamplingStep& step) { trajectory->add(step); };
  }
  std::vector<SampledBackbone> backbones;
  try {
    backbones = sampler.sample(
        make_request(batch, config, letters_known), [] { return !interrupted(); }, observe);
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    const std::size_t count = batch.samples.size();
    fail("out of memory in a batch of {} of {} residues; {}",
         count == 1 ? "1 backbone" : fmt::format("{} backbones", count), batch.longest(),
         count > 1
             ? fmt::format("give a --max-residues below {}, and another --output if there are samples in this one",
                           batch.longest() * static_cast<long>(count))
             : "it was alone in it already: leave this one of the --lengths out, or use a machine of more memory");
  }
  if (trajectory && !backbones.empty()) trajectory->commit();
  return backbones;
}

// How the batches of a run share the threads of a CPU. It depends on the plan, not on what is missing, because rounding
// may depend on the number of threads.
struct BatchThreads {
  int at_once;  // batches sampled at the same time
  int each;     // threads of each
};

BatchThreads share_threads(const std::vector<PlannedBatch>& plan, const SampleConfig& config, at::Device device) {
  const int threads = at::get_num_threads();
  // A GPU runs one batch at a time. Trajectories are written during sampling, and HDF5 does not allow two writers.
  if (device.is_cuda() || trajectory_interval(config.trajectory) > 0) return {1, threads};
  const int at_once = std::clamp(static_cast<int>(std::min<std::size_t>(plan.size(), threads)), 1, threads);
  return {at_once, threads / at_once};
}

struct SampledBatch {
  const PlannedBatch* batch;
  std::vector<SampledBackbone> backbones;  // empty if interrupted
  double seconds;
};

// Returns false if interrupted. A batch with a missing part is sampled again as a whole, because rounding depends on
// the batch. The files are therefore the same however often the command was interrupted.
bool sample_all(Sampler& sampler, SampleWriter& writer, const std::vector<PlannedBatch>& batches,
                const BatchThreads& threads, const SampleConfig& config, bool letters_known, bool quiet) {
  std::int64_t total = 0, made = 0;
  std::vector<const PlannedBatch*> missing;
  for (const PlannedBatch& batch : batches) {
    const auto count = static_cast<std::int64_t>(batch.samples.size());
    total += count;
    if (writer.has(batch)) {
      made += count;
    } else {
      missing.push_back(&batch);
    }
  }
  Progress progress("sampling", "backbones", total, quiet);
  if (made > 0) progress.set(made);
  auto next = missing.begin();
  run_in_order<const PlannedBatch*, SampledBatch>(
      threads.at_once,
      [&]() -> std::optional<const PlannedBatch*> {
        if (next == missing.end() || interrupted()) return std::nullopt;
        return *next++;
      },
      [&](const PlannedBatch* batch) -> SampledBatch {
        at::set_num_threads(threads.each);  // of the calling thread
        const auto start = std::chrono::steady_clock::now();
        auto backbones = sample_batch(sampler, *batch, config, letters_known, writer.trajectory_path(*batch));
        return {batch, std::move(backbones),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
      },
      [&](const SampledBatch& sampled) {
        if (sampled.backbones.empty()) return;
        writer.write(*sampled.batch, sampled.backbones, sampled.seconds);
        made += static_cast<std::int64_t>(sampled.batch->samples.size());
        progress.set(made);
      },
      threads.at_once);
  return made == total;
}

std::vector<PlannedSample> samples_of(const std::vector<PlannedBatch>& batches) {
  std::vector<PlannedSample> samples;
  for (const PlannedBatch& batch : batches) samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
  return samples;
}

// Options that do not change what is made.
struct RunOptions {
  std::string output, shard, spec;
  bool no_graph = false;
};

void add_options(CommandLine& line, SampleConfig& config, RunOptions& run) {
  line.option("spec", run.spec, "FILE",
              "take options from this .ini or .json file, such as the config.ini beside samples; those given here win");
  line.option("output", run.output, "DIR", "folder of the samples; given again, only what is missing is made",
              Need::kRequired);
  line.option("shard", run.shard, "K/N",
              "make part K of N, for a job of an array; without it, what is missing of all parts");
  for_each_sample_setting(config,
                          [&](std::string name, auto& field, const std::string& placeholder, const char* description) {
                            if (placeholder.empty()) return;
                            std::ranges::replace(name, '_', '-');
                            if constexpr (std::is_same_v<decltype(field), bool&>)
                              line.flag(name, field, description);
                            else
                              line.option(name, field, placeholder, description);
                          });
  line.flag("no-graph", run.no_graph,
            "on a GPU, launch every operation of a step by itself, not as one CUDA graph: slower, less memory");
}

// The value of --spec, before the other options, whose defaults are those of that file.
std::string spec_argument(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--spec" && i + 1 < arguments.size()) return arguments[i + 1];
    if (arguments[i].starts_with("--spec=")) return arguments[i].substr(7);
  }
  return "";
}

// The hashes of a spec hold for its own files, not for those given on the command line.
void forget_hashes_of_given(const CommandLine& line, SampleConfig& config) {
  if (line.given("checkpoint")) config.checkpoint_sha256.clear();
  if (line.given("secondary-structure")) config.secondary_structure_sha256.clear();
  if (line.given("sequence")) config.sequence_sha256.clear();
  if (line.given("motif")) config.motif_sha256.clear();
  if (line.given("start")) config.start_sha256.clear();
}

void write_drawn_structures(const std::vector<PlannedBatch>& plan, const std::string& symmetry,
                            const std::string& output, bool quiet) {
  const std::string path = (std::filesystem::path(output) / "structures.dbn").string();
  write_file_atomically(path, structures_text(plan, symmetry));
  if (quiet) return;
  fmt::print(stderr,
             "base pairs are drawn from the checkpoint's grammar, for each sample its own: {}; --secondary-structure "
             "none leaves them to the network\n",
             path);
}

SamplingControl control_of(const SampleConfig& config, bool use_graphs) {
  SamplingControl control;
  if (!config.schedule.empty()) control.schedule = parse_schedule(config.schedule, "--schedule");
  if (!config.unpaired_schedule.empty())
    control.unpaired_schedule = parse_schedule(config.unpaired_schedule, "--unpaired-schedule");
  control.draw_conformers = config.conformers == "drawn";
  control.noise_scale = config.noise_scale;
  control.steric_rounds = config.steric_rounds;
  control.relax_rounds = config.relax_rounds;
  control.pair_rounds = config.pair_rounds;
  control.use_graphs = use_graphs;
  return control;
}

}  // namespace

int sample_main(const std::vector<std::string>& arguments) {
  SampleConfig config;
  RunOptions run;
  CommonOptions common;
  if (const std::string path = spec_argument(arguments); !path.empty()) read_spec(path, config);
  common.seed = config.seed;
  CommandLine line(
      "sample", "Makes new RNA backbones with a trained model. flashrna help design says what can be asked for.",
      "flashrna sample --lengths 40,60-120:20 --samples 10 --output samples\n"
      "flashrna sample --checkpoint runs/demo --lengths 40 --shard 1/2 --trajectory every:10 --output part\n"
      "flashrna sample --checkpoint runs/demo --secondary-structure '((((((....))))))' --samples 2 --output hairpins");
  add_options(line, config, run);
  line.common(common);
  if (!line.parse(arguments)) return 0;
  forget_hashes_of_given(line, config);
  config.seed = common.seed;
  config.validate();
  const Shard shard = parse_shard(run.shard);
  std::vector<PlannedBatch> plan = plan_batches(config);
  const bool shipped = config.checkpoint.empty();
  config.checkpoint = checkpoint_file(find_checkpoint(config.checkpoint, weights_folders()));

  const at::Device device(select_device(common));
  const Checkpoint checkpoint = read_checkpoint(config.checkpoint);
  if (shipped && !common.quiet) tell_of_shipped_weights(checkpoint);
  config.polymer = read_run_config(checkpoint.configuration, checkpoint.path).model.polymer;
  config.validate_polymer();
  set_file_hashes(config);
  const std::optional<StructureGrammar> grammar = choose_grammar(config, checkpoint);
  if (grammar) draw_structures(plan, *grammar, config.seed);
  const bool motif_pairs = set_motif_structures(plan, config, checkpoint);
  Sampler sampler(checkpoint, config.weights, device, control_of(config, !run.no_graph));
  ConditioningKinds asked = conditions_of(plan);
  const bool letters_known = sampler.config().model.condition_letters;
  if (!common.quiet) {
    if (motif_pairs)
      fmt::print(stderr,
                 "the base pairs of the motif's residues among themselves are asked for, as {} has them; "
                 "--secondary-structure none leaves them to the network\n",
                 config.motif);
    tell_of_letters(config, asked, letters_known);
    warn_of_impossible_pairs(plan);
    warn_of_long_lengths(config, plan, checkpoint);
  }
  asked.letters = asked.letters && letters_known;
  sampler.require_known(asked);
  sampler.require_predicted(config.all_atom, config.design_sequence > 0);
  config.schedule = schedule_text(sampler.flow().sampling_schedule());
  config.unpaired_schedule = schedule_text(sampler.flow().unpaired_schedule());
  SampleWriter writer(config, plan, run.output, shard);
  if (grammar) write_drawn_structures(plan, config.symmetry, run.output, common.quiet);
  const std::vector<PlannedBatch> batches = part_of(plan, shard);
  if (!sample_all(sampler, writer, batches, share_threads(plan, config, device), config, letters_known, common.quiet)) {
    fmt::print(stderr, "interrupted; give the same command again to make what is missing in {}\n", run.output);
    return interrupted_status();
  }
  const std::vector<PlannedSample> samples = samples_of(batches);
  print_samples(writer, samples, config, common.json);
  if (!config.reference.empty() && !common.quiet) print_reference_summary(writer, samples, config);
  return 0;
}

}  // namespace flashrna
