#include <fmt/format.h>

#include "base/error.h"
#include "cli/benches.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/model_bench.h"
#include "libfold/configuration.h"
#include "libfold/run_config.h"
#include "libfold/sampling/sample_writer.h"

namespace flashrna {

int bench_model_main(const std::vector<std::string>& arguments) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  std::string lengths = "64,128,256,512,1024,2048";
  int repeats = 3;
  CommonOptions common;
  CommandLine line("bench model",
                   "Times the network's forward and backward beside matrix products on the same threads.",
                   "flashrna bench model --lengths 64,128 --repeats 1");
  line.option("lengths", lengths, "LIST", "residues: lengths and ranges first-last:step, such as 64,512-2048:512");
  line.option("repeats", repeats, "N", "times; the fastest of each counts");
  line.common(common);
  line.configuration(configuration);
  if (!line.parse(arguments)) return 0;
  if (repeats < 1) fail_usage("--repeats \"{}\" is not a whole number from 1", repeats);
  config.model.validate();
  const at::Device device(select_device(common));
  const std::vector<int> all = parse_lengths(lengths);

  std::vector<ModelTiming> timings;
  {
    Progress progress("timing", "runs", static_cast<std::int64_t>(all.size()) * (repeats + 1), common.quiet);
    timings = bench_model(config.model, all, repeats, device, [&] { progress.advance(); });
  }
  Table table({"length", "GFLOP", "forward_s", "forward_GFLOP/s", "forward/SGEMM", "training_s", "training/SGEMM",
               "SGEMM_GFLOP/s"});
  for (const ModelTiming& timing : timings) {
    table.add_row({timing.length,
                   timing.forward_flops / 1e9,
                   timing.forward_seconds,
                   timing.forward_flops / timing.forward_seconds / 1e9,
                   {timing.forward_share(), 3},
                   timing.training_seconds,
                   {timing.training_share(), 3},
                   timing.sgemm_flops_per_second / 1e9});
  }
  table.print(common.json);
  if (!common.quiet) fmt::print(stderr, "tables of IGSO(3): {:.4f} s\n", igso3_table_seconds());
  return 0;
}

}  // namespace flashrna
