#include "datasets/splits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "base/disjoint_sets.h"
#include "base/error.h"
#include "datasets/chain_rows.h"

namespace flashrna {

namespace {

bool has_sequence_cluster(const ChainRecord& chain) { return chain.sequence_cluster >= 0; }

std::string parent_sequence(const DatasetReader& reader, std::size_t chain) {
  std::string sequence;
  for (const std::uint8_t type : reader.read_chain(chain).nucleotide) {
    sequence += parent_letter(reader.polymer(), type);
  }
  return sequence;
}

}  // namespace

std::vector<std::string> parent_sequences(const DatasetReader& reader) {
  std::vector<std::string> sequences;
  for (std::size_t i = 0; i < reader.chains().size(); ++i) sequences.push_back(parent_sequence(reader, i));
  return sequences;
}

std::vector<SplitGroup> group_chains(const std::vector<ChainRecord>& chains,
                                     const std::vector<std::string>& sequences) {
  DisjointSets sets(chains.size());
  std::unordered_map<int, std::size_t> by_sequence_cluster, by_structure_cluster;
  std::unordered_map<std::string, std::size_t> by_entry, by_sequence;
  const auto join_first = [&](auto& firsts, const auto& key, std::size_t i) {
    sets.join(firsts.emplace(key, i).first->second, i);
  };
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const ChainRecord& chain = chains[i];
    if (chain.sequence_cluster >= 0) join_first(by_sequence_cluster, chain.sequence_cluster, i);
    if (chain.structure_cluster >= 0) join_first(by_structure_cluster, chain.structure_cluster, i);
    if (!has_sequence_cluster(chain)) join_first(by_entry, chain.entry, i);
    by_sequence.emplace(sequences[i], i);
  }
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (!has_sequence_cluster(chains[i])) sets.join(by_sequence.at(sequences[i]), i);
  }
  std::map<std::size_t, SplitGroup> groups;  // by the lowest chain
  for (std::size_t i = 0; i < chains.size(); ++i) {
    SplitGroup& group = groups[sets.find(i)];
    group.chains.push_back(i);
    group.residues += chains[i].length;
  }
  std::vector<SplitGroup> result;
  for (auto& [first, group] : groups) result.push_back(std::move(group));
  return result;
}

std::vector<SplitGroup> group_chains(const DatasetReader& reader, const std::vector<std::size_t>& which) {
  std::vector<ChainRecord> chains;
  for (const std::size_t i : which) chains.push_back(reader.chains()[i]);
  std::vector<std::string> sequences(which.size());
  if (!std::ranges::all_of(chains, has_sequence_cluster)) {
    for (std::size_t k = 0; k < which.size(); ++k) sequences[k] = parent_sequence(reader, which[k]);
  }
  std::vector<SplitGroup> groups = group_chains(chains, sequences);
  for (SplitGroup& group : groups) {
    for (std::size_t& chain : group.chains) chain = which[chain];
  }
  return groups;
}

std::string describe_held_out(const std::vector<ChainRecord>& chains, std::span<const std::size_t> training,
                              std::span<const std::size_t> held_out) {
  if (training.empty() || held_out.empty()) return {};
  const auto known = [&](std::size_t i) { return chains[i].sequence_cluster >= 0; };
  std::set<int> sequence_clusters, structure_clusters;
  for (const std::size_t i : training) {
    sequence_clusters.insert(chains[i].sequence_cluster);
    structure_clusters.insert(chains[i].structure_cluster);
  }
  if (std::ranges::none_of(training, known) || std::ranges::none_of(held_out, known)) {
    return fmt::format(
        "no sequence clusters are known: the {} held-out chains may resemble training chains; flashrna split makes "
        "clusters",
        held_out.size());
  }
  std::size_t sharing = 0, unknown = 0;
  for (const std::size_t i : held_out) {
    const int sequence = chains[i].sequence_cluster, structure = chains[i].structure_cluster;
    sharing += (sequence >= 0 && sequence_clusters.contains(sequence)) ||
               (structure >= 0 && structure_clusters.contains(structure));
    unknown += sequence < 0;
  }
  const std::string without = unknown > 0 ? fmt::format("; {} are in no cluster", unknown) : "";
  if (sharing == 0)
    return fmt::format("none of the {} held-out chains shares a cluster with training{}", held_out.size(), without);
  return fmt::format("{} of the {} held-out chains share a cluster with training{}: what they show is not held out",
                     sharing, held_out.size(), without);
}

std::string describe_held_out(const std::vector<ChainRecord>& chains) {
  std::vector<std::size_t> training, held_out;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (chains[i].split == kSplitNames[0]) training.push_back(i);
    if (chains[i].split == kSplitNames[1] || chains[i].split == kSplitNames[2]) held_out.push_back(i);
  }
  return describe_held_out(chains, training, held_out);
}

void assign_splits(std::vector<SplitGroup>& groups, const std::array<double, 3>& fractions,
                   const RandomBelow& random_below) {
  double sum = 0;
  for (const double fraction : fractions) {
    if (!(fraction >= 0) || !std::isfinite(fraction))
      fail_usage("a fraction of {} is not a number from 0 up", fraction);
    sum += fraction;
  }
  if (sum <= 0) fail_usage("the fractions of train, validation and test are all 0");
  std::int64_t residues = 0;
  for (const SplitGroup& group : groups) residues += group.residues;

  std::array<double, 3> missing{};  // residues
  double smallest = HUGE_VAL;       // smallest requested share
  for (std::size_t s = 0; s < 3; ++s) {
    missing[s] = fractions[s] / sum * static_cast<double>(residues);
    if (missing[s] > 0) smallest = std::min(smallest, missing[s]);
  }
  std::vector<std::size_t> order = random_order(groups.size(), random_below);
  const auto is_large = [&](std::size_t g) { return static_cast<double>(groups[g].residues) > 0.25 * smallest; };
  const auto small = std::stable_partition(order.begin(), order.end(), is_large);
  const auto larger = [&](std::size_t a, std::size_t b) { return groups[a].residues > groups[b].residues; };
  std::stable_sort(order.begin(), small, larger);
  // The small groups that hold the second half of the residues are ordered by size: the smallest come last and even out
  // the shares.
  std::int64_t left = residues;
  auto half = order.begin();
  for (; half != order.end() && 2 * left > residues; ++half) left -= groups[*half].residues;
  std::stable_sort(std::max(half, small), order.end(), larger);
  for (const std::size_t g : order) {
    std::size_t best = 0;
    for (std::size_t s = 1; s < 3; ++s) {
      const bool wanted = fractions[s] > 0 && (fractions[best] == 0 || missing[s] > missing[best]);
      if (wanted) best = s;
    }
    groups[g].split = static_cast<int>(best);
    missing[best] -= static_cast<double>(groups[g].residues);
  }
}

}  // namespace flashrna
