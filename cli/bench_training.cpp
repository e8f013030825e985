#include <fmt/format.h>

#include "base/error.h"
#include "cli/benches.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/processes.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/scaling_bench.h"
#include "libfold/bench/training_bench.h"
#include "libfold/configuration.h"
#include "libfold/sampling/sample_writer.h"

namespace flashrna {
namespace {

void bench_processes(const RunConfig& config, const std::vector<int>& lengths, int repeats, at::Device device,
                     const ProcessGroup& group, const CommonOptions& common) {
  std::vector<ScalingTiming> timings;
  {
    Progress progress("timing", "steps", 0, common.quiet);
    timings = bench_scaling(config, lengths, repeats, device, group, [&] { progress.advance(); });
  }
  if (!group.first()) return;
  Table table({"length", "processes", "seconds_alone", "seconds", "exposed_seconds", "residues/s", "efficiency"});
  for (const ScalingTiming& timing : timings)
    table.add_row({timing.length, group.size(), timing.alone, timing.together, timing.exposed,
                   static_cast<double>(timing.length * group.size()) / timing.together, timing.efficiency()});
  table.print(common.json);
}

}  // namespace

int bench_training_main(const std::vector<std::string>& arguments) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  std::string lengths = "128,512,2048";
  int repeats = 1;
  ProcessOptions processes;
  CommonOptions common;
  CommandLine line("bench training",
                   "Times a training step on one chain of each length, with its memory; the default model, or that of "
                   "a configuration. In several processes, each computes such a chain: the time of one alone, of all "
                   "together, and what of it is exposed communication.",
                   "flashrna bench training --config configs/small.ini --lengths 64,128\n"
                   "flashrna bench training --config configs/small.ini --lengths 64 --devices 2");
  line.option("lengths", lengths, "LIST", "residues: lengths and ranges first-last:step, such as 1024,4096");
  line.option("repeats", repeats, "N", "times; the fastest counts, and the most memory");
  processes.add_to(line);
  line.common(common);
  line.configuration(configuration);
  if (!line.parse(arguments)) return 0;
  processes.check();
  if (repeats < 1) fail_usage("--repeats \"{}\" is not a whole number from 1", repeats);
  config.model.validate();
  config.flow.validate();
  config.losses.validate();
  config.training.validate();
  const std::vector<int> all = parse_lengths(lengths);
  if (processes.devices > 1) return run_local_processes({"bench", "training"}, arguments, processes.devices);
  const Launch launch = find_launch(processes.launch);
  const ProcessGroup group = join_processes(launch, processes);
  common.quiet = common.quiet || !group.first();
  common.device = device_of_process(common.device, launch);
  const at::Device device(select_device(common));
  if (group.size() > 1) {
    bench_processes(config, all, repeats, device, group, common);
    return 0;
  }

  std::vector<TrainingTiming> timings;
  {
    Progress progress("timing", "steps", 0, common.quiet);
    timings = bench_training(config, all, repeats, device, [&] { progress.advance(); });
  }
  Table table({"length", "seconds", "residues/s", "peak_MB", "bytes_per_residue", "largest_tensor_MB", "resident_MB"});
  const auto megabytes = [](std::int64_t bytes) {
    return bytes < 0 ? Table::Cell() : Table::Cell(static_cast<double>(bytes) / 1e6);
  };
  for (const TrainingTiming& timing : timings) {
    table.add_row({timing.length, timing.seconds, static_cast<double>(timing.length) / timing.seconds,
                   megabytes(timing.peak_bytes), timing.peak_bytes / timing.length, megabytes(timing.largest_bytes),
                   megabytes(timing.resident_bytes)});
  }
  table.print(common.json);
  return 0;
}

}  // namespace flashrna
