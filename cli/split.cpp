// flashrna split: assigns whole clusters to training, validation and test (datasets/splits).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/thread_limits.h"
#include "cli/commands.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/cluster_table.h"
#include "datasets/dataset_rewrite.h"
#include "datasets/hdf5/file.h"
#include "datasets/sequence_clusters.h"
#include "datasets/splits.h"
#include "kernels/torch_headers.h"
#include "libfold/random_streams.h"
#include "protein/residue.h"
#include "rna/compare/structure_families.h"
#include "rna/nucleotide.h"

namespace flashrna {
namespace {

constexpr std::size_t kLargestShown = 5;

// Parses three numbers, "0.8,0.1,0.1".
std::array<double, 3> parse_fractions(const std::string& text) {
  std::array<double, 3> fractions{};
  std::istringstream parts(text);
  std::size_t n = 0;
  for (std::string part; std::getline(parts, part, ','); ++n) {
    double value = 0;
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool good = n < fractions.size() && !part.empty() && code == std::errc() && end == part.data() + part.size();
    if (!good) fail_usage("--fractions \"{}\" is not three numbers for train, validation and test: 0.8,0.1,0.1", text);
    fractions[n] = value;
  }
  const bool negative = std::ranges::any_of(fractions, [](double f) { return f < 0; });
  if (n == fractions.size() && (negative || !(fractions[0] + fractions[1] + fractions[2] > 0)))
    fail_usage("--fractions \"{}\": none may be below 0, and one must be above", text);
  if (n != fractions.size()) fail_usage("--fractions \"{}\" has {} numbers; expected train, validation, test", text, n);
  return fractions;
}

// Sets `field` of every record from the table, and prints how many records the table lacks. Clusters that an assembly
// connects become one.
void take_clusters(const std::string& path, std::vector<ChainRecord>& records, int ChainRecord::*field, const char* key,
                   std::string& options, bool quiet) {
  const ClusterTable table = ClusterTable::read(path);
  std::vector<std::vector<int>> clusters;
  for (const ChainRecord& record : records) clusters.push_back(table.clusters_of(record));
  const std::vector<int> joined = join_clusters(clusters);
  for (std::size_t i = 0; i < records.size(); ++i) records[i].*field = joined[i];
  const auto missing = static_cast<std::size_t>(std::ranges::count(joined, -1));
  if (missing == records.size()) fail("{}: none of the {} chains is in this table", path, missing);
  if (missing > 0 && !quiet) fmt::print(stderr, "{} of {} chains are not in {}\n", missing, records.size(), path);
  options = with_option(options, key, table.fingerprint());
}

struct Part {
  std::size_t chains = 0, groups = 0;
  std::int64_t residues = 0;
};

void print_split(std::vector<SplitGroup> groups, const std::vector<ChainRecord>& records,
                 const std::array<double, 3>& fractions, const CommonOptions& common) {
  std::array<Part, 3> parts{};
  std::int64_t total = 0;
  for (const SplitGroup& group : groups) {
    Part& part = parts[static_cast<std::size_t>(group.split)];
    part.chains += group.chains.size();
    part.residues += group.residues;
    ++part.groups;
    total += group.residues;
  }
  const double sum = fractions[0] + fractions[1] + fractions[2];
  const auto percent = [&](double part) { return fmt::format("{:.1f} %", 100 * part / static_cast<double>(total)); };
  Table table({"part", "chains", "groups", "residues", "share", "wanted"});
  for (std::size_t s = 0; s < parts.size(); ++s) {
    table.add_row({kSplitNames[s], parts[s].chains, parts[s].groups, parts[s].residues,
                   percent(static_cast<double>(parts[s].residues)), fmt::format("{:.1f} %", 100 * fractions[s] / sum)});
  }
  std::ranges::stable_sort(groups, std::ranges::greater(), &SplitGroup::residues);
  if (groups.size() > kLargestShown) groups.resize(kLargestShown);
  Table largest({"largest group", "chains", "clusters", "residues", "share", "part"});
  for (const SplitGroup& group : groups) {
    std::set<int> clusters;
    for (const std::size_t i : group.chains) clusters.insert(records[i].sequence_cluster);
    largest.add_row({"of " + records[group.chains.front()].id, group.chains.size(), clusters.size(), group.residues,
                     percent(static_cast<double>(group.residues)), kSplitNames[static_cast<std::size_t>(group.split)]});
  }
  if (common.json) return print_json({{"parts", table.to_json()}, {"largest_groups", largest.to_json()}});
  table.print(false);
  std::fputs("\n", stdout);
  largest.print(false);
}

struct SplitSettings {
  std::string output, fractions = "0.8,0.1,0.1", clusters, structure_clusters, cluster_with, families_output;
  bool overwrite = false, no_clusters = false;
  SequenceClustering clustering;
  FamilySettings families{.cut = 0};  // cut 0: structures are not compared
};

void add_options(CommandLine& line, SplitSettings& settings) {
  line.option("output", settings.output, "FILE.h5", "the dataset with the split; may be FILE itself", Need::kRequired);
  line.flag("overwrite", settings.overwrite, "replace the output if it exists");
  line.option("fractions", settings.fractions, "LIST",
              "residues in train, validation and test, relative to each other");
  line.option("clusters", settings.clusters, "FILE", "table of entry or chain (1EHZ, 1EHZ_A) and its sequence cluster");
  line.option("structure-clusters", settings.structure_clusters, "FILE",
              "the same by fold: joins the sequence clusters that it connects");
  line.option("tm-cut", settings.families.cut, "X",
              "compare all structures, and join chains whose TM-score by the shorter one is at least this; 0 = do not");
  line.option("tm-shortest", settings.families.shortest, "N", "residues of the shortest chain that is compared");
  line.option("save-structure-clusters", settings.families_output, "FILE",
              "keep what was found: a table for --structure-clusters");
  line.option("cluster-with", settings.cluster_with, "PROGRAM",
              "compute sequence clusters: mmseqs, cd-hit-est (proteins: cd-hit), or 9-mers (proteins: 5-mers), which "
              "needs no program; without this and --clusters the dataset's own clusters are taken, else the first of "
              "the three that is installed");
  line.flag("no-clusters", settings.no_clusters, "no sequence clusters: similar chains may be on both sides");
  line.option("identity", settings.clustering.identity, "X", "lowest sequence identity in a computed cluster");
  line.option("coverage", settings.clustering.coverage, "X", "least share of a sequence that an alignment covers");
}

// The positions that a TM-score compares: C3', of proteins CA.
std::vector<Vec3> compared_positions(const ChainFeatures& chain) {
  const int slot = chain.polymer == Polymer::kRna ? static_cast<int>(kC3) : static_cast<int>(kCA);
  std::vector<Vec3> positions;
  for (int i = 0; i < chain.length; ++i) {
    const int place = i * traits_of(chain.polymer).atom_slots + slot;
    const float* atom = &chain.atom_positions[static_cast<std::size_t>(place) * 3];
    positions.emplace_back(atom[0], atom[1], atom[2]);
  }
  return positions;
}

// Shows the items that are done, until the user interrupts.
Watch watch(Progress& progress) {
  return {[&](std::size_t done, std::size_t) { progress.set(static_cast<std::int64_t>(done)); }, interrupted};
}

std::vector<std::string> ids_of(const std::vector<ChainRecord>& records) {
  std::vector<std::string> ids;
  for (const ChainRecord& record : records) ids.push_back(record.id);
  return ids;
}

// Compares every pair of structures. Returns false if interrupted.
bool find_families(const SplitSettings& settings, const CommonOptions& common, const DatasetReader& reader,
                   std::string& options, std::vector<ChainRecord>& records) {
  std::vector<std::vector<Vec3>> chains;
  std::int64_t compared = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    chains.push_back(compared_positions(reader.read_chain(i)));
    compared += std::ssize(chains.back()) >= settings.families.shortest;
  }
  FamilySettings families = settings.families;
  families.threads = thread_count(common.threads);
  families.scale = reader.polymer() == Polymer::kRna ? TmScale::kRna : TmScale::kProtein;
  StructureFamilies found;
  {
    Progress progress("comparing structures", "chains", compared, common.quiet);
    found = find_structure_families(chains, families, watch(progress));
  }
  if (interrupted()) return false;
  std::string table = "chain,cluster\n";
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].structure_cluster = found.family[i];
    if (found.family[i] >= 0) table += fmt::format("{},{}\n", records[i].id, found.family[i]);
  }
  if (!settings.families_output.empty()) write_file_atomically(settings.families_output, table);
  if (!common.quiet) {
    const int n_families = compared > 0 ? *std::ranges::max_element(found.family) + 1 : 0;
    fmt::print(stderr, "{} families of {} chains of {} residues or more, by {} alignments for {} pairs\n", n_families,
               compared, families.shortest, found.alignments, found.pairs);
  }
  options = with_option(options, "structure_clusters",
                        clustering_mark(fmt::format("tm:{}:{}", families.cut, families.shortest), ids_of(records),
                                        {found.family.begin(), found.family.end()}));
  return true;
}

void compute_clusters(const SequenceClustering& clustering, const std::vector<std::string>& sequences,
                      std::string& options, std::vector<ChainRecord>& records, bool quiet) {
  const std::vector<int> clusters = cluster_sequences(sequences, clustering);
  for (std::size_t i = 0; i < records.size(); ++i) records[i].sequence_cluster = clusters[i];
  const bool has_settings = clustering.program != shared_words(clustering.polymer);
  const std::string how = has_settings
                              ? fmt::format("{}:{}:{}", clustering.program, clustering.identity, clustering.coverage)
                              : clustering.program;
  options = with_option(options, "clusters", clustering_mark(how, ids_of(records), clusters));
  if (quiet) return;
  fmt::print(stderr, "{} sequence clusters of {} chains, by {}{}\n", std::ranges::max(clusters) + 1, records.size(),
             clustering.program,
             has_settings ? fmt::format(" at identity {}, coverage {}", clustering.identity, clustering.coverage) : "");
}

// Sets sequence clusters, and structure clusters from a table; adds both to `options` for the root attribute.
void assign_clusters(const SplitSettings& settings, const CommonOptions& common,
                     const std::vector<std::string>& sequences, std::string& options,
                     std::vector<ChainRecord>& records) {
  const bool have_own = std::ranges::any_of(records, [](const ChainRecord& r) { return r.sequence_cluster >= 0; });
  if (settings.no_clusters) {
    for (ChainRecord& record : records) record.sequence_cluster = -1;
    options = with_option(options, "clusters", "");
  } else if (!settings.clusters.empty()) {
    take_clusters(settings.clusters, records, &ChainRecord::sequence_cluster, "clusters", options, common.quiet);
  } else if (settings.cluster_with.empty() && have_own) {
    if (!common.quiet) fmt::print(stderr, "sequence clusters of the dataset; --cluster-with computes others\n");
  } else {
    SequenceClustering clustering = settings.clustering;
    if (settings.cluster_with.empty()) clustering.program = installed_clustering(clustering.polymer);
    try {
      compute_clusters(clustering, sequences, options, records, common.quiet);
    } catch (const Error& error) {
      // A program that the user did not choose may fail: MMseqs2 does where all sequences are short.
      const char* const words = shared_words(clustering.polymer);
      if (!settings.cluster_with.empty() || clustering.program == words || interrupted()) throw;
      fmt::print(stderr, "{} failed; clustering by {} instead (--cluster-with {} shows its message)\n",
                 clustering.program, words, clustering.program);
      clustering.program = words;
      compute_clusters(clustering, sequences, options, records, common.quiet);
    }
  }
  if (!settings.structure_clusters.empty()) {
    take_clusters(settings.structure_clusters, records, &ChainRecord::structure_cluster, "structure_clusters", options,
                  common.quiet);
  }
}

int report_interruption(const SplitSettings& settings) {
  fmt::print(stderr, "interrupted: {} is not written; run the same command again\n", settings.output);
  return interrupted_status();
}

}  // namespace

int split_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  SplitSettings settings;
  CommonOptions common;
  CommandLine line("split", "Assigns the chains of a dataset to train, validation and test by whole clusters.",
                   "flashrna split rna.h5 --output split.h5 --fractions 0.8,0.1,0.1 --seed 1");
  line.positional("FILE", files, "a dataset");
  add_options(line, settings);
  line.common(common);
  if (!line.parse(arguments)) return 0;
  const std::array<double, 3> fractions = parse_fractions(settings.fractions);
  if (!settings.clusters.empty() && !settings.cluster_with.empty()) {
    fail_usage("--clusters and --cluster-with are both given; sequence clusters come from one of them");
  }
  if (settings.no_clusters && (!settings.clusters.empty() || !settings.cluster_with.empty())) {
    fail_usage("--no-clusters and {} are both given", settings.clusters.empty() ? "--cluster-with" : "--clusters");
  }
  const bool compare = settings.families.cut != 0;
  if (compare && !(settings.families.cut > 0 && settings.families.cut <= 1)) {
    fail_usage("--tm-cut {}: a TM-score above 0, at most 1, such as 0.5", settings.families.cut);
  }
  if (settings.families.shortest < 1) fail_usage("--tm-shortest {}: must be at least 1", settings.families.shortest);
  if (compare && !settings.structure_clusters.empty()) {
    fail_usage("--structure-clusters and --tm-cut are both given; structure clusters come from one of them");
  }
  if (!compare && !settings.families_output.empty()) {
    fail_usage("--save-structure-clusters {}: nothing is compared; give --tm-cut 0.5", settings.families_output);
  }
  if (!settings.families_output.empty()) check_output_path(settings.families_output, settings.overwrite);
  settings.clustering.threads = common.threads;
  check_output_path(settings.output, settings.overwrite);

  const DatasetReader reader(files.at(0));
  settings.clustering.polymer = reader.polymer();
  if (!settings.cluster_with.empty()) {
    settings.clustering.program = settings.cluster_with;
    check_clustering(settings.clustering);
  }
  std::vector<ChainRecord> records = reader.chains();
  const std::vector<std::string> sequences = parent_sequences(reader);
  std::string options = reader.options();
  assign_clusters(settings, common, sequences, options, records);
  if (compare && !find_families(settings, common, reader, options, records)) return report_interruption(settings);
  std::vector<SplitGroup> groups = group_chains(records, sequences);
  RandomStream stream(common.seed, "split");
  assign_splits(groups, fractions, [&](std::uint64_t n) { return stream.below(n); });
  for (const SplitGroup& group : groups) {
    for (const std::size_t i : group.chains) records[i].split = kSplitNames[static_cast<std::size_t>(group.split)];
  }
  options = with_option(options, "split_fractions", settings.fractions);
  options = with_option(options, "split_seed", std::to_string(common.seed));

  Progress progress("writing", "chains", static_cast<std::int64_t>(records.size()), common.quiet);
  if (!rewrite_dataset(reader, records, options, settings.output, settings.overwrite, watch(progress))) {
    return report_interruption(settings);
  }
  print_split(std::move(groups), records, fractions, common);
  if (!common.quiet) fmt::print(stderr, "{}\n", describe_held_out(records));
  return 0;
}

}  // namespace flashrna
