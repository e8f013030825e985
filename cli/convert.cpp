#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/conversion.h"

namespace flashrna {
namespace {

void print_result(const ConversionResult& result, const std::string& output, bool as_json) {
  if (as_json) {
    nlohmann::ordered_json rejected = nlohmann::ordered_json::object();
    for (const auto& [reason, count] : result.rejected) rejected[reason] = count;
    print_json({{"output", output},
                {"files", result.files},
                {"unreadable_files", result.unreadable_files},
                {"chains", result.chains},
                {"residues", result.residues},
                {"rejected", rejected}});
    return;
  }
  Table table({"item", "count"});
  table.add_row({"files", result.files});
  table.add_row({"chains", result.chains});
  table.add_row({"residues", result.residues});
  for (const auto& [reason, count] : result.rejected) table.add_row({"rejected: " + reason, count});
  table.print(false);
}

// Progress of one conversion on stderr; the number of files is known only once the input has been listed.
class ConversionLog {
 public:
  explicit ConversionLog(bool quiet) : quiet_(quiet) {}

  void show(const ConversionProgress& state) {
    start(static_cast<std::int64_t>(state.files));
    progress_->set(static_cast<std::int64_t>(state.files_done),
                   fmt::format("{} chains, {} nt", state.chains, state.residues));
  }
  void warn(const std::string& message, std::size_t files) {
    start(static_cast<std::int64_t>(files));
    progress_->message("warning: " + message + "; listed under /rejected");
  }

 private:
  void start(std::int64_t files) {
    if (!progress_) progress_ = std::make_unique<Progress>("converting", "files", files, quiet_);
  }

  bool quiet_;
  std::unique_ptr<Progress> progress_;
};

ConversionResult convert(const std::vector<std::string>& inputs, const std::string& output,
                         const ConversionOptions& options, bool quiet) {
  ConversionLog log(quiet);
  ConversionCalls calls;
  calls.progress = [&](const ConversionProgress& state) { log.show(state); };
  calls.warning = [&](const std::string& message, std::size_t files) { log.warn(message, files); };
  calls.stop = interrupted;
  return convert_structures(inputs, output, options, calls);
}

}  // namespace

int convert_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  std::string output;
  ConversionOptions options;
  CommonOptions common;
  CommandLine line("convert", "Converts PDB and mmCIF files to one HDF5 dataset.",
                   "flashrna convert structures/ --output rna.h5");
  line.positional("INPUT...", inputs, "PDB or mmCIF files (also .gz), or folders of them");
  line.option("output", output, "FILE.h5", "the dataset to write", Need::kRequired);
  line.flag("overwrite", options.overwrite, "replace FILE.h5 if it exists");
  line.option("model", options.model, "N", "which model of every file, from 1");
  line.flag("strict", options.strict, "stop at the first file that cannot be read");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  options.threads = common.threads;
  if (!common.quiet) {
    fmt::print(stderr, "{:%Y-%m-%d %H:%M:%S} flashrna convert {}\n", fmt::localtime(std::time(nullptr)),
               fmt::join(arguments, " "));
  }
  const ConversionResult result = convert(inputs, output, options, common.quiet);
  if (result.stopped) {
    fmt::print(stderr, "interrupted: {} is not written; run the same command again to start over\n", output);
    return kInterruptedStatus;
  }
  print_result(result, output, common.json);
  return 0;
}

}  // namespace flashrna
