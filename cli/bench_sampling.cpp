#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "base/error.h"
#include "cli/benches.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/plot.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/sampling_bench.h"
#include "libfold/configuration.h"
#include "libfold/sampling/sample_writer.h"

namespace flashrna {
namespace {

struct SamplingBenchOptions {
  std::string lengths = "64,128,256,512,1024,2048";
  std::string batches = "1,2,4,8,16";
  int batch_length = 128;
  std::string backends = "dense,lifted";
  int dense_up_to = 512;
  int steps = 4;
  int repeats = 2;
  bool no_graph = false;
  std::string output;
};

std::vector<std::string> backends_of(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream list(text);
  for (std::string name; std::getline(list, name, ',');) names.push_back(name);
  return names;
}

std::vector<SamplingCase> cases_of(const SamplingBenchOptions& options) {
  std::vector<SamplingCase> cases;
  for (const std::string& backend : backends_of(options.backends)) {
    const std::vector<int> lengths = parse_lengths(options.lengths);
    for (const int length : lengths)
      if (backend != "dense" || length <= options.dense_up_to) cases.push_back({backend, length, 1, !options.no_graph});
    for (const int batch : parse_lengths(options.batches))
      if (batch > 1 || !std::ranges::binary_search(lengths, options.batch_length))
        cases.push_back({backend, options.batch_length, batch, !options.no_graph});
  }
  return cases;
}

Table table_of(const std::vector<SamplingTiming>& timings) {
  Table table(
      {"backend", "length", "batch", "steps", "step_s", "forward_s", "step/forward", "s_per_backbone", "peak_MB"});
  for (const SamplingTiming& t : timings)
    table.add_row({t.backend,
                   t.length,
                   t.batch,
                   t.steps,
                   t.step_seconds,
                   t.forward_seconds,
                   {t.step_seconds / t.forward_seconds, 3},
                   t.step_seconds * t.steps / t.batch,
                   static_cast<double>(t.peak_bytes) / 1e6});
  return table;
}

// Seconds per step of every backend against `x_of` of a timing; timings with x = 0 are left out.
template <typename X>
std::vector<PlotLine> lines_of(const std::vector<SamplingTiming>& timings, const X& x_of) {
  std::map<std::string, PlotLine> lines;
  for (const SamplingTiming& t : timings) {
    if (x_of(t) == 0) continue;
    lines[t.backend].name = t.backend;
    lines[t.backend].points.emplace_back(x_of(t), t.step_seconds);
  }
  std::vector<PlotLine> all;
  for (auto& [backend, line] : lines) all.push_back(line);
  return all;
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail("{}: the folder cannot be made: {}; give another --output folder", folder, error.message());
}

void write_figures(const std::vector<SamplingTiming>& timings, const SamplingBenchOptions& options) {
  namespace fs = std::filesystem;
  const fs::path folder = options.output;
  CsvTable table{{"backend", "length", "batch", "steps", "step_seconds", "forward_seconds", "peak_bytes"}, {}};
  for (const SamplingTiming& t : timings)
    table.rows.push_back(
        csv_cells(t.backend, t.length, t.batch, t.steps, t.step_seconds, t.forward_seconds, t.peak_bytes));
  write_file_atomically(folder / "sampling.csv", table.to_csv());
  draw_plot(folder / "time_by_length.svg", "Sampling, one backbone", "residues", "seconds per step",
            lines_of(timings, [](const SamplingTiming& t) { return t.batch == 1 ? t.length : 0; }));
  const int length = options.batch_length;
  draw_plot(folder / "time_by_batch.svg", fmt::format("Sampling, {} residues", length), "backbones per batch",
            "seconds per step",
            lines_of(timings, [length](const SamplingTiming& t) { return t.length == length ? t.batch : 0; }));
}

}  // namespace

int bench_sampling_main(const std::vector<std::string>& arguments) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  SamplingBenchOptions options;
  CommonOptions common;
  CommandLine line("bench sampling",
                   "Times sampling against length and, at one length, against batch size, for several attention "
                   "backends; the default model, or that of a configuration.",
                   "flashrna bench sampling --config configs/small.ini --lengths 32,64 --batches 1,2 --repeats 1");
  line.option("lengths", options.lengths, "LIST", "residues of one backbone: lengths and ranges first-last:step");
  line.option("batches", options.batches, "LIST", "backbones per batch");
  line.option("batch-length", options.batch_length, "N", "residues of the backbones in --batches");
  line.option("backends", options.backends, "LIST", "attention backends, separated by commas");
  line.option("dense-up-to", options.dense_up_to, "N", "longest backbone for the dense backend, whose memory is O(L²)");
  line.option("steps", options.steps, "N", "calls of the network per backbone, at least 2");
  line.option("repeats", options.repeats, "N", "times; the fastest of each counts");
  line.flag("no-graph", options.no_graph, "on a GPU, launch every operation of a step by itself");
  line.option("output", options.output, "DIR", "also write sampling.csv and two pictures there (needs gnuplot)");
  line.common(common);
  line.configuration(configuration);
  if (!line.parse(arguments)) return 0;
  if (options.repeats < 1) fail_usage("--repeats \"{}\" is not a whole number from 1", options.repeats);
  if (options.steps < 2) fail_usage("--steps {}: must be at least 2", options.steps);
  if (options.batch_length < 1) fail_usage("--batch-length {}: must be at least 1", options.batch_length);
  config.model.validate();
  config.flow.validate();
  const at::Device device(select_device(common));

  if (!options.output.empty()) {
    check_can_plot(options.output);
    make_folder(options.output);
  }

  const std::vector<SamplingCase> cases = cases_of(options);
  std::vector<SamplingTiming> timings;
  {
    Progress progress("timing", "runs", static_cast<std::int64_t>(cases.size()) * options.repeats, common.quiet);
    timings = bench_sampling(config, cases, options.steps, options.repeats, device, [&] { progress.advance(); });
  }
  table_of(timings).print(common.json);
  if (!options.output.empty()) write_figures(timings, options);
  return 0;
}

}  // namespace flashrna
