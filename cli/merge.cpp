// flashrna merge: merges several datasets into one (datasets/dataset_rewrite).
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/dataset_rewrite.h"

namespace flashrna {

int merge_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  std::string output;
  bool overwrite = false;
  CommonOptions common;
  CommandLine line("merge", "Joins datasets into one, as if their structures had been converted together.",
                   "flashrna merge rna.h5 some.h5 --output all.h5");
  line.positional("FILE...", inputs, "datasets, in the order of the result");
  line.option("output", output, "FILE.h5", "the dataset to write", Need::kRequired);
  line.flag("overwrite", overwrite, "replace FILE.h5 if it exists");
  line.common(common);
  if (!line.parse(arguments)) return 0;

  std::unique_ptr<Progress> progress;
  Watch watch;
  watch.progress = [&](std::size_t done, std::size_t chains) {
    if (!progress) {
      progress = std::make_unique<Progress>("merging", "chains", static_cast<std::int64_t>(chains), common.quiet);
    }
    progress->set(static_cast<std::int64_t>(done));
  };
  watch.stop = interrupted;
  const MergeResult result = merge_datasets(inputs, output, overwrite, watch);
  progress.reset();
  if (result.stopped) {
    fmt::print(stderr, "interrupted: {} is not written; run the same command again\n", output);
    return interrupted_status();
  }
  if (!common.quiet && result.dropped_clusters) {
    fmt::print(stderr, "the inputs were not clustered by the same table: clusters are left out; run flashrna split\n");
  }
  if (!common.quiet && result.dropped_splits) {
    fmt::print(stderr, "splits of parts say nothing about the whole, they are left out; run flashrna split\n");
  }
  if (!common.quiet && result.recomputed_pairs) {
    fmt::print(stderr, "the base pairs of the inputs were found by different rules: all are found again\n");
  }
  Table table({"item", "count"});
  table.add_row({"files", inputs.size()});
  table.add_row({"chains", result.chains});
  table.add_row({"residues", result.residues});
  table.add_row({"duplicates", result.duplicates});
  table.print(common.json);
  return 0;
}

}  // namespace flashrna
