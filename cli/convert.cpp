#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/polymer_option.h"
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
                {"skipped_files", result.skipped_files},
                {"chains_without_cluster", result.without_cluster},
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

// Progress of a conversion on stderr, by bytes of input: the number of files in an archive is known only at its end.
class ConversionLog {
 public:
  explicit ConversionLog(bool quiet) : quiet_(quiet) {}

  void show(const ConversionProgress& state) {
    constexpr std::uint64_t kUseMegabytes = 20'000'000;
    const std::int64_t unit = state.bytes < kUseMegabytes ? 1'000 : 1'000'000;
    if (!progress_) {
      progress_ = std::make_unique<Progress>("converting", unit == 1'000 ? "kB" : "MB",
                                             static_cast<std::int64_t>(state.bytes) / unit, quiet_);
      for (const std::string& message : waiting_) warn(message);
    }
    progress_->set(static_cast<std::int64_t>(state.bytes_done) / unit,
                   fmt::format("{} files, {} chains, {} residues", state.files_done, state.chains, state.residues));
  }
  void warn(const std::string& message) {
    if (progress_) return progress_->message("warning: " + message + "; listed under /rejected");
    waiting_.push_back(message);
  }

 private:
  bool quiet_;
  std::unique_ptr<Progress> progress_;
  std::vector<std::string> waiting_;  // messages before the first report
};

ConversionResult convert(const std::vector<std::string>& inputs, const std::string& output,
                         const ConversionOptions& options, bool quiet) {
  ConversionLog log(quiet);
  ConversionCalls calls;
  calls.progress = [&](const ConversionProgress& state) { log.show(state); };
  calls.warning = [&](const std::string& message) { log.warn(message); };
  calls.stop = interrupted;
  return convert_structures(inputs, output, options, calls);
}

EntryUnit entry_unit(const std::string& name) {
  if (name == "chain") return EntryUnit::kChain;
  if (name == "assembly") return EntryUnit::kAssembly;
  fail_usage("--unit \"{}\" is not chain or assembly", name);
}

}  // namespace

int convert_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  std::string output;
  std::string polymer = "rna", unit = "chain";
  std::string clusters, shard;
  ConversionOptions options;
  std::uint64_t max_mebibytes = options.max_bytes >> 20;
  CommonOptions common;
  CommandLine line("convert", "Converts PDB and mmCIF files, folders and archives of them to one HDF5 dataset.",
                   "flashrna convert structures/ --output rna.h5\n"
                   "find structures -name '1*.cif' | flashrna convert - --output some.h5");
  line.positional(
      "INPUT...", inputs,
      "PDB or mmCIF files (also .gz), folders or archives of them (.zip, .tar,\n"
      "                                .tar.gz, .tar.xz, .tar.zst), or - for a list of paths on stdin, one per line");
  line.option("output", output, "FILE.h5", "the dataset to write", Need::kRequired);
  line.flag("overwrite", options.overwrite, "replace FILE.h5 if it exists");
  line.option("polymer", polymer, "WORD", "the chains to store: rna, or protein (backbone and CB)");
  line.option("unit", unit, "WORD", "one entry per chain, or per assembly: all chains of the polymer in a file");
  line.option("clusters", clusters, "FILE", "table of entry or chain (1EHZ, 1EHZ_A) and its sequence cluster");
  line.option("model", options.model, "N", "which model of every file, from 1");
  line.option("max-unpacked", max_mebibytes, "MIB", "largest file taken, unpacked; stops decompression bombs");
  line.option("shard", shard, "K/N", "convert part K of N of the inputs, for a job array; merge joins all parts");
  line.flag("strict", options.strict, "stop at the first file that cannot be read");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  options.threads = common.threads;
  options.polymer = parse_polymer(polymer);
  options.unit = entry_unit(unit);
  options.shard = parse_shard(shard);
  std::optional<ClusterTable> table;
  if (!clusters.empty()) options.clusters = &table.emplace(ClusterTable::read(clusters));
  constexpr std::uint64_t kMostMebibytes = 1 << 20;
  if (max_mebibytes < 1 || max_mebibytes > kMostMebibytes) {
    fail_usage("--max-unpacked \"{}\" is not a whole number from 1 to {}", max_mebibytes, kMostMebibytes);
  }
  options.max_bytes = max_mebibytes << 20;
  if (!common.quiet) {
    fmt::print(stderr, "{:%Y-%m-%d %H:%M:%S} flashrna convert {}\n", fmt::localtime(std::time(nullptr)),
               fmt::join(arguments, " "));
  }
  const ConversionResult result = convert(inputs, output, options, common.quiet);
  if (result.stopped) {
    fmt::print(stderr, "interrupted: {} is not written; run the same command again to start over\n", output);
    return interrupted_status();
  }
  if (result.skipped_files > 0 && !common.quiet) {
    fmt::print(stderr, "left out {} file{} not named like a structure, the first {}\n", result.skipped_files,
               result.skipped_files == 1 ? "" : "s", result.first_skipped);
  }
  if (result.without_cluster > 0 && !common.quiet) {
    fmt::print(stderr, "{} of {} chains are not in {}: they have no cluster\n", result.without_cluster, result.chains,
               clusters);
  }
  print_result(result, output, common.json);
  return 0;
}

}  // namespace flashrna
