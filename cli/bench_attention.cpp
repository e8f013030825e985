#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "base/error.h"
#include "cli/benches.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/plot.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/attention_bench.h"
#include "libfold/sampling/sample_writer.h"

namespace flashrna {
namespace {

struct AttentionBenchOptions {
  std::string lengths = "128,256,512,1024,2048,4096";
  std::string backends;  // "": all backends of the device
  int slow_up_to = 1024;
  int repeats = 2;
  FlashIpaSizes sizes;
  std::string output;
  bool plan = false;
  int batch = 1;  // batch size of the plan
};

std::vector<AttentionBenchCase> cases_of(const AttentionBenchOptions& options, at::Device device) {
  std::vector<AttentionBenchCase> cases;
  for (const int length : parse_lengths(options.lengths)) {
    const std::string all = device.is_cuda() ? "dense,lifted,fused,simple" : "dense,lifted,simple";
    std::istringstream list(options.backends.empty() ? all : options.backends);
    for (std::string name; std::getline(list, name, ',');) {
      if (name != "dense" && name != "lifted" && name != "fused" && name != "simple")
        fail_usage("--backends: unknown attention backend \"{}\"; use dense, lifted, fused or simple", name);
      if (name == "fused") {
        if (!device.is_cuda())
          fail_usage("--backends: fused runs on CUDA; choose it with --device cuda, or leave it out");
        for (const char* precision : {"fast", "strict"}) cases.push_back({fmt::format("fused {}", precision), length});
        continue;
      }
      const bool slow = name == "dense" || (name == "simple" && device.is_cpu());
      if (!slow || length <= options.slow_up_to) cases.push_back({name, length});
    }
    cases.push_back({kPeerF32, length});
    if (!device.is_cuda()) continue;
    for (const char* peer : {kPeerFlash, kPeerCudnn}) cases.push_back({peer, length});
  }
  return cases;
}

double training_flops(const AttentionTiming& t) { return t.work.forward_flops + t.work.backward_flops; }

double h200_microseconds(const AttentionTiming& t) {
  return 1e6 * h200_roofline_seconds(t.work.forward_flops, t.work.forward_bytes);
}

Table table_of(const AttentionBench& bench) {
  Table table({"backend", "length", "forward_s", "forward_TFLOP/s", "forward/products", "training_s",
               "training_TFLOP/s", "training/products", "peak_MB", "error", "H200_roofline_us"});
  for (const AttentionTiming& t : bench.timings) {
    const double forward = t.work.forward_flops / t.forward_seconds, training = training_flops(t) / t.training_seconds;
    table.add_row({t.name,
                   t.length,
                   t.forward_seconds,
                   forward / 1e12,
                   {forward / bench.products_per_second, 3},
                   t.training_seconds,
                   training / 1e12,
                   {training / bench.products_per_second, 3},
                   static_cast<double>(t.peak_bytes) / 1e6,
                   t.error < 0 ? Table::Cell() : Table::Cell(t.error, 2),
                   h200_microseconds(t)});
  }
  return table;
}

std::vector<PlotLine> lines_of(const AttentionBench& bench, bool training) {
  std::map<std::string, PlotLine> lines;
  for (const AttentionTiming& t : bench.timings) {
    lines[t.name].name = t.name;
    lines[t.name].points.emplace_back(t.length, training ? t.training_seconds : t.forward_seconds);
  }
  std::vector<PlotLine> all;
  for (auto& [name, line] : lines) all.push_back(line);
  return all;
}

void write_figures(const AttentionBench& bench, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail("{}: the folder cannot be made: {}; give another --output folder", folder, error.message());
  CsvTable table{
      {"backend", "length", "forward_seconds", "training_seconds", "forward_flops", "backward_flops", "forward_bytes",
       "backward_bytes", "products_flops_per_second", "peak_bytes", "error", "h200_roofline_seconds"},
      {}};
  for (const AttentionTiming& t : bench.timings)
    table.rows.push_back(csv_cells(t.name, t.length, t.forward_seconds, t.training_seconds, t.work.forward_flops,
                                   t.work.backward_flops, t.work.forward_bytes, t.work.backward_bytes,
                                   bench.products_per_second, t.peak_bytes,
                                   t.error < 0 ? "" : fmt::format("{}", t.error), h200_microseconds(t) * 1e-6));
  write_file_atomically(fs::path(folder) / "attention.csv", table.to_csv());
  draw_plot(fs::path(folder) / "forward_by_length.svg", "Invariant point attention, forward", "residues", "seconds",
            lines_of(bench, false));
  draw_plot(fs::path(folder) / "training_by_length.svg", "Invariant point attention, forward and backward", "residues",
            "seconds", lines_of(bench, true));
}

// The device assumed by the plan; measurements were made on it.
constexpr FusedDevice kH200{.capability = 90, .shared_bytes = 227 * 1024, .multiprocessors = 132};

// Fraction of the time in which a multiprocessor is busy, if each of `blocks` takes the same time and `done` of it is
// required.
double share_of_rounds(double blocks, double done) {
  return blocks * done / (std::ceil(blocks / kH200.multiprocessors) * kH200.multiprocessors);
}

// Predicts the launches of the fused kernels on an H200.
Table plan_table(const AttentionBenchOptions& options) {
  Table table({"length", "batch", "heads", "kernel", "blocks", "parts", "multiprocessors_used", "workspace_MB",
               "H200_roofline_us"});
  const FlashIpaSizes& s = options.sizes;
  const fused_ipa::HeadSize size{static_cast<int>(s.C), static_cast<int>(s.P_q), static_cast<int>(s.P_v),
                                 static_cast<int>(s.R), static_cast<int>(s.c)};
  const int H = static_cast<int>(s.H);
  const double entry_heads = static_cast<double>(options.batch) * H;
  for (const int length : parse_lengths(options.lengths)) {
    const FlashIpaWork work = flash_ipa_work(length, s);
    const auto add = [&](const char* kernel, double blocks, int parts, double done, std::int64_t bytes, double flops,
                         double moved) {
      table.add_row({length, options.batch, H, kernel, static_cast<std::int64_t>(blocks), parts,
                     Table::Cell(share_of_rounds(blocks, done), 3), static_cast<double>(bytes) / 1e6,
                     flops == 0
                         ? Table::Cell()
                         : Table::Cell(1e6 * h200_roofline_seconds(options.batch * flops, options.batch * moved))});
    };
    const FusedForwardPlan forward = plan_fused_forward(size, options.batch, H, length, FusedPrecision::kFast, kH200);
    // `tiles` in `parts`: the longest part determines the duration of a block.
    const auto done = [](int tiles, int parts) {
      return tiles / (parts * std::ceil(static_cast<double>(tiles) / parts));
    };
    add("forward", entry_heads * forward.query_tiles * forward.parts, forward.parts,
        done(forward.key_tiles, forward.parts), forward.workspace_bytes, work.forward_flops, work.forward_bytes);
    const FusedBackwardPlan backward = plan_fused_backward(size, options.batch, H, length, kH200);
    const FusedBackwardPlan::Kernel &queries = backward.of_queries, &keys = backward.of_keys;
    add("backward by queries", entry_heads * queries.query_tiles * queries.parts, queries.parts,
        done(queries.key_tiles, queries.parts), backward.workspace_bytes, work.backward_flops, work.backward_bytes);
    add("backward by keys", entry_heads * keys.key_tiles * keys.parts, keys.parts, done(keys.query_tiles, keys.parts),
        backward.workspace_bytes, 0, 0);
  }
  return table;
}

void check_sizes(const FlashIpaSizes& sizes) {
  for (const auto& [name, value] : {std::pair("heads", sizes.H), {"channels", sizes.C}, {"pair-rank", sizes.R}})
    if (value < 1 || value > 4096) fail_usage("--{} {}: must be 1 to 4096", name, value);
}

}  // namespace

int bench_attention_main(const std::vector<std::string>& arguments) {
  AttentionBenchOptions options;
  CommonOptions common;
  CommandLine line(
      "bench attention",
      "Times invariant point attention alone, one chain, f32, for every backend against length, with its memory and "
      "its error by an f64 oracle; beside LibTorch's own attention on heads as wide as those of the lifted backend, "
      "and on a GPU in bf16 on the published layout, heads of 256, by its flash and its cuDNN kernel. Operations are "
      "the useful ones: heads of 154 and 228 columns at the default sizes. Shares are of matrix products in the same "
      "run: f32 on a CPU, bf16 on a GPU. The roofline is that of a forward pass on an H200 (790 TFLOP/s, 4.3 TB/s).",
      "flashrna bench attention --lengths 64,128 --repeats 1");
  line.option("lengths", options.lengths, "LIST", "residues: lengths and ranges first-last:step, such as 1024,4096");
  line.option(
      "backends", options.backends, "LIST",
      "attention backends, separated by commas; without it all of the device: dense, lifted, simple, and on CUDA "
      "fused, fast and strict");
  line.option("slow-up-to", options.slow_up_to, "N",
              "longest chain for dense, whose memory is O(L²), and on a CPU for simple");
  line.option("repeats", options.repeats, "N", "rounds; the fastest of each counts");
  line.option("heads", options.sizes.H, "N", "attention heads");
  line.option("channels", options.sizes.C, "N", "scalar channels of a head");
  line.option("pair-rank", options.sizes.R, "N", "rank of the pair representation");
  line.flag("plan", options.plan,
            "time nothing: print what the launches of the fused kernels would do on an H200, on any machine; the "
            "roofline of backward is that of both its kernels");
  line.option("batch", options.batch, "N", "with --plan: chains of that length in a batch");
  line.option("output", options.output, "DIR", "also write attention.csv and two pictures there (needs gnuplot)");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  if (options.repeats < 1) fail_usage("--repeats \"{}\" is not a whole number from 1", options.repeats);
  check_sizes(options.sizes);
  if (options.batch < 1) fail_usage("--batch \"{}\" is not a whole number from 1", options.batch);
  if (options.plan) {
    try {
      plan_table(options).print(common.json);
    } catch (const std::invalid_argument& refused) {
      fail_usage("--plan: {}", refused.what());
    }
    return 0;
  }
  const at::Device device(select_device(common));

  const std::vector<AttentionBenchCase> cases = cases_of(options, device);
  AttentionBench bench;
  {
    Progress progress("timing", "runs", static_cast<std::int64_t>(cases.size()) * options.repeats, common.quiet);
    bench = bench_attention(cases, options.sizes, options.repeats, device, [&] { progress.advance(); });
  }
  table_of(bench).print(common.json);
  for (const std::string& peer : bench.left_out) fmt::print(stderr, "left out: {}\n", peer);
  if (!common.quiet) fmt::print(stderr, "matrix products: {:.4g} TFLOP/s\n", bench.products_per_second / 1e12);
  if (!options.output.empty()) write_figures(bench, options.output);
  return 0;
}

}  // namespace flashrna
