// flashrna bench: a table of benchmarks, one per file cli/bench_<name>.cpp.
#include <fmt/format.h>

#include "base/error.h"
#include "cli/benches.h"
#include "cli/commands.h"
#include "libfold/configuration.h"

namespace flashrna {
namespace {

struct Bench {
  const char* name;
  int (*run)(const std::vector<std::string>& arguments);
  const char* summary;
};

constexpr Bench kBenches[] = {
    {"attention", bench_attention_main, "every attention backend against length, beside LibTorch's own attention"},
    {"convert", bench_convert_main, "reading structures into a dataset, beside gemmi reading the same files"},
    {"model", bench_model_main, "the network's forward and backward, beside matrix products on the same threads"},
    {"pairs", bench_pairs_main, "finding the base pairs of a dataset's chains, by both rules"},
    {"sampling", bench_sampling_main, "sampling against length and batch size, for several attention backends"},
    {"sequences", bench_sequences_main, "nucleotides proposed for held-out natives: recovery and perplexity"},
    {"training", bench_training_main, "a training step: time, memory, bytes per residue"},
};

std::string benchmark_overview() {
  std::string text =
      "Measures speed on this machine, ours beside a peer in the same run, and the sequences of a network.\n\nUsage: "
      "flashrna bench NAME ...\n\n";
  for (const Bench& bench : kBenches) text += fmt::format("  {:<10}{}\n", bench.name, bench.summary);
  return text + "\nflashrna bench NAME --help says what it takes.\n\nExample:\n  flashrna bench convert structures/\n";
}

}  // namespace

std::vector<std::string> bench_names() {
  std::vector<std::string> names;
  for (const Bench& bench : kBenches) names.emplace_back(bench.name);
  return names;
}

int bench_main(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::fputs(benchmark_overview().c_str(), stdout);
    return 0;
  }
  for (const Bench& bench : kBenches) {
    if (!arguments.empty() && arguments[0] == bench.name) return bench.run({arguments.begin() + 1, arguments.end()});
  }
  if (arguments.empty()) fail_usage("NAME is missing; see flashrna help bench");
  const std::string nearest = nearest_name(arguments[0], bench_names());
  fail_usage("unknown benchmark \"{}\"{}", arguments[0],
             nearest.empty() ? "; see flashrna help bench" : fmt::format("; did you mean \"{}\"?", nearest));
}

}  // namespace flashrna
