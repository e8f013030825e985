// Steps from the candidates of an author chain to molecules that RNA and proteins share.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace flashrna {

// Microheterogeneity: of alternative residues at one position, for which are_variants(one, other) is true, keeps the
// one with the highest occupancy(candidate), in case of a tie the first.
template <typename Candidate, typename AreVariants, typename Occupancy>
void drop_minor_variants(std::vector<Candidate>& candidates, const AreVariants& are_variants,
                         const Occupancy& occupancy) {
  std::vector<Candidate> kept;
  kept.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    if (kept.empty() || !are_variants(kept.back(), candidate)) {
      kept.push_back(std::move(candidate));
    } else if (occupancy(candidate) > occupancy(kept.back()) + 0.001f) {
      kept.back() = std::move(candidate);
    }
  }
  candidates = std::move(kept);
}

// Puts candidate order[i] at position i.
template <typename Candidate>
void reorder(std::vector<Candidate>& candidates, const std::vector<std::size_t>& order) {
  std::vector<Candidate> ordered;
  ordered.reserve(candidates.size());
  for (const std::size_t place : order) ordered.push_back(std::move(candidates[place]));
  candidates = std::move(ordered);
}

// The candidates with each number, in order; at least one group, which is empty if there is no candidate.
template <typename Candidate>
std::vector<std::vector<Candidate>> part_by_number(std::vector<Candidate>&& candidates,
                                                   const std::vector<std::size_t>& numbers) {
  std::vector<std::vector<Candidate>> groups(1);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= groups.size()) groups.resize(numbers[i] + 1);
    groups[numbers[i]].push_back(std::move(candidates[i]));
  }
  return groups;
}

// Makes chain identifiers unique: "A", "A-2", "A-3", as the PDB names the copies in an assembly.
template <typename ChainType>
void tell_apart(std::vector<ChainType>& chains) {
  std::set<std::string> taken;
  for (const ChainType& chain : chains) taken.insert(chain.id);
  std::set<std::string> seen;
  for (ChainType& chain : chains) {
    if (seen.insert(chain.id).second) continue;
    const std::string id = chain.id;
    for (int copy = 2; taken.contains(chain.id); ++copy) chain.id = fmt::format("{}-{}", id, copy);
    taken.insert(chain.id);
  }
}

}  // namespace flashrna
