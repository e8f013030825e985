// flashrna train: trains a model from a configuration and a dataset (libfold/training/trainer.h). With data.replay it
// runs a failed step again (libfold/training/failed_batch.h).
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/processes.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/version.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/configuration.h"
#include "libfold/run_config.h"
#include "libfold/training/failed_batch.h"
#include "libfold/training/run_folder.h"
#include "libfold/training/trainer.h"

namespace flashrna {
namespace {

// Prints every key, its value, and the origin of the value.
void print_configuration(const Configuration& configuration) {
  for (const Configuration::Entry& entry : configuration.entries()) {
    const std::string source = entry.source.empty() ? "" : "  (" + entry.source + ")";
    fmt::print(stderr, "{:<36}{}{}\n", entry.key, entry.get(), source);
  }
}

TrainingObserver make_observer(Progress& progress, const TrainingConfig& training) {
  TrainingObserver observer;
  observer.on_step = [&progress, &training](const TrainingProgress& now) {
    std::string note = fmt::format("loss {:.4f}, {:.0f} residues/s, {:.2f} GB", now.loss, now.residues_per_second,
                                   static_cast<double>(now.memory) / 1e9);
    if (training.minutes > 0) note += fmt::format(", stops in {}", format_duration(now.seconds_left));
    progress.set(now.step, note);
  };
  observer.stop = interrupted;
  return observer;
}

void print_result(const TrainingResult& result, bool as_json) {
  Table table({"step", "epoch", "loss", "validation_loss", "seconds", "residues_per_second", "waiting", "checkpoint"});
  const bool validated = std::isfinite(result.validation_loss);
  table.add_row({result.step, result.epoch, result.loss,
                 validated ? Table::Cell(result.validation_loss) : Table::Cell(), result.seconds,
                 result.residues_per_second, result.waiting, result.checkpoint});
  table.print(as_json);
}

// Prints every chain of the step with its losses. Throws the run's error if the step fails again.
void replay_step(const FailedBatch& failed, const RunConfig& config, at::Device device, bool as_json) {
  const Replay replayed = replay_failed_batch(failed, config, device);
  std::vector<std::string> columns = {"chain", "t"};
  columns.insert(columns.end(), StepTerms::kNames.begin(),
                 StepTerms::kNames.end() - 1);  // without the gradient norm, which a chain does not have
  Table table(columns);
  for (const ReplayedChain& chain : replayed.chains) {
    std::vector<Table::Cell> row = {chain.chain.id, chain.t};
    row.insert(row.end(), chain.terms.values.begin(), chain.terms.values.end() - 1);
    table.add_row(row);
  }
  table.print(as_json);
  if (!replayed.terms.finite()) fail("{}; so it is again", failed.message);
  fmt::print(stderr, "loss {:.6g} and gradient norm {:.6g} are finite here; then: {}\n", replayed.terms.loss(),
             replayed.terms.gradient_norm(), failed.message);
}

// Repeats the failed step of data.replay with the settings of its run.
void replay(RunConfig& config, Configuration& configuration, const CommonOptions& common) {
  const std::string path = config.data.replay;
  const FailedBatch failed = read_failed_batch(path);
  adopt_checkpoint_configuration(configuration, failed.configuration, path);
  config.validate();
  replay_step(failed, config, at::Device(select_device(common)), common.json);
}

TrainingResult run_trainer(Trainer& trainer, const RunConfig& config, const TrainingObserver& observer) {
  try {
    return trainer.run(observer);
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    fail(
        "out of memory in a training step; lower data.max_residues (now {}), with more batches for each step by "
        "training.accumulate (now {}){}",
        config.data.max_residues, config.training.accumulate,
        config.training.recompute ? "" : ", or set training.recompute = true");
  }
}

void adopt_last_checkpoint(const std::string& output, Configuration& configuration, bool warns) {
  std::vector<std::string> damaged;
  const Checkpoint last = read_checkpoint_to_resume(output, &damaged);
  for (const std::string& sentence : damaged)
    if (warns) fmt::print(stderr, "warning: {}\n", sentence);
  adopt_checkpoint_configuration(configuration, last.configuration, last.path);
}

}  // namespace

int train_main(const std::vector<std::string>& arguments) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  std::string output;
  bool resume = false;
  ProcessOptions processes;
  CommonOptions common;
  CommandLine line("train", "Trains a backbone generator on a dataset.",
                   "flashrna train --config configs/demo.ini --data.path rna.h5 --output runs/demo\n"
                   "flashrna train --resume --output runs/demo");
  line.option("output", output, "DIR", "folder of the run: config.ini, metrics.csv, checkpoints/");
  line.flag("resume", resume, "continue the run in the folder from its last checkpoint");
  processes.add_to(line);
  line.common(common);
  line.configuration(configuration);
  if (!line.parse(arguments)) return 0;
  processes.check();
  if (processes.devices > 1) return run_local_processes({"train"}, arguments, processes.devices);

  if (line.given("seed")) configuration.set("training.seed", std::to_string(common.seed), "--seed");
  if (!config.data.replay.empty()) {
    replay(config, configuration, common);
    return 0;
  }
  if (output.empty()) fail_usage("--output DIR is missing; see flashrna help train");

  const Launch launch = find_launch(processes.launch);
  const ProcessGroup group = join_processes(launch, processes);
  common.quiet = common.quiet || !group.first();
  at::Device device(at::kCPU);
  group.together([&] {
    common.device = device_of_process(common.device, launch);
    device = at::Device(select_device(common));
    if (resume) adopt_last_checkpoint(output, configuration, group.first());
    config.validate();
  });
  group.require_equal("version", version_text());
  group.require_equal("kind of device", device.is_cuda() ? "cuda" : "cpu");
  if (!common.quiet) print_configuration(configuration);

  Trainer trainer(config, configuration, output, resume, device, group);
  if (!common.quiet) {
    fmt::print(stderr, "{}\n{} parameters on {}{}, {} of {} steps done\n", trainer.data_summary(),
               trainer.parameter_count(), device.str(),
               group.size() > 1 ? fmt::format(" in {} processes", group.size()) : "", trainer.step(),
               config.training.steps);
  }
  TrainingResult result;
  {
    // With a time limit the number of steps does not tell when the run ends; the note does.
    Progress progress("training", "steps", config.training.minutes > 0 ? 0 : config.training.steps, common.quiet);
    result = run_trainer(trainer, config, make_observer(progress, config.training));
  }
  if (group.first()) print_result(result, common.json);
  if (!result.interrupted) return 0;
  if (group.first())
    fmt::print(stderr, "interrupted after step {}; continue with: flashrna train --resume --output {}\n", result.step,
               output);
  return group.largest(interrupted() ? interrupted_status() : 0);  // not every process has got the signal
}

}  // namespace flashrna
