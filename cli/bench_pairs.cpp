#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "base/error.h"
#include "cli/benches.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "libfold/bench/stopwatch.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/refined_base_pairs.h"

namespace flashrna {
namespace {

using Chains = std::vector<std::vector<Nucleotide>>;
using PairRule = std::vector<int> (*)(std::span<const Nucleotide>);  // partner of each nucleotide

struct Timing {
  double all = std::numeric_limits<double>::infinity();      // s, fastest run over all chains
  double longest = std::numeric_limits<double>::infinity();  // s, fastest run over the longest chain
  std::int64_t pairs = 0;
};

Timing time_pairs(const Chains& chains, int repeats, PairRule partners_of, const std::function<void()>& after_run) {
  const auto longest = std::ranges::max_element(chains, {}, &std::vector<Nucleotide>::size);
  Timing timing;
  for (int k = 0; k < repeats; ++k) {
    double sum = 0;
    timing.pairs = 0;
    for (auto chain = chains.begin(); chain != chains.end(); ++chain) {
      std::vector<int> partner;
      const double seconds = seconds_of([&] { partner = partners_of(*chain); });
      sum += seconds;
      if (chain == longest) timing.longest = std::min(timing.longest, seconds);
      timing.pairs += std::ranges::count_if(partner, [](int p) { return p >= 0; }) / 2;
    }
    timing.all = std::min(timing.all, sum);
    after_run();
  }
  return timing;
}

}  // namespace

int bench_pairs_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  int repeats = 5;
  CommonOptions common;
  CommandLine line("bench pairs", "Times both rules for base pairs on the chains of a dataset, on one thread.",
                   "flashrna bench pairs rna.h5");
  line.positional("FILE", files, "a dataset of RNA");
  line.option("repeats", repeats, "N", "times; the fastest of each counts");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  if (repeats < 1) fail_usage("--repeats \"{}\" is not a whole number from 1", repeats);
  const std::string& path = files.front();
  const DatasetReader dataset(path);
  dataset.require(Polymer::kRna, "flashrna bench pairs");
  Chains chains;
  std::size_t residues = 0, longest = 0;
  for (std::size_t i = 0; i < dataset.chains().size(); ++i) {
    chains.push_back(nucleotides_of(dataset.read_rows(i)));
    residues += chains.back().size();
    longest = std::max(longest, chains.back().size());
  }
  if (residues == 0) fail("{} has no chains", path);

  Progress progress("timing", "runs", 2 * repeats, common.quiet);
  Table table({"rule", "chains", "nt", "pairs", "seconds", "longest, nt", "seconds of the longest"});
  const auto add = [&](const char* rule, PairRule find) {
    const Timing timing = time_pairs(chains, repeats, find, [&] { progress.advance(); });
    table.add_row({rule,
                   std::ssize(chains),
                   static_cast<std::int64_t>(residues),
                   timing.pairs,
                   {timing.all, 3},
                   static_cast<std::int64_t>(longest),
                   {timing.longest, 3}});
  };
  add("C1' and N9/N1", find_base_pairs);
  add("whole bases", refine_base_pairs);
  table.print(common.json);
  return 0;
}

}  // namespace flashrna
