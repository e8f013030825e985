#include "rna/io/molecules.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/disjoint_sets.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

using Nucleotides = std::span<const SegmentedNucleotide>;
using Numbers = std::set<std::pair<int, char>>;

std::pair<int, char> number_of(const SegmentedNucleotide& n) {
  return {n.nucleotide->seq_id, n.nucleotide->insertion_code};
}

// Whether the numbers from `begin` up to the next decrease cannot continue the numbering of `seen`.
bool begins_again(Nucleotides nucleotides, std::size_t begin, const Numbers& seen) {
  int highest = nucleotides[begin].nucleotide->seq_id;
  for (std::size_t i = begin; i < nucleotides.size(); ++i) {
    const SegmentedNucleotide& n = nucleotides[i];
    if (n.segment != nucleotides[begin].segment || n.nucleotide->seq_id < highest) break;
    if (!n.has_alternates && seen.contains(number_of(n))) return true;
    highest = n.nucleotide->seq_id;
  }
  return highest < seen.begin()->first;
}

// Splits nucleotides into parts by the file's segments and numbers: the part of each nucleotide.
std::vector<std::size_t> parts_of(Nucleotides nucleotides) {
  std::vector<std::size_t> parts(nucleotides.size(), 0);
  std::unordered_map<std::string, std::size_t> last_part;  // by name of the segment
  std::vector<Numbers> seen;                               // by part
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const auto [known, is_new] = last_part.emplace(nucleotides[i].segment, seen.size());
    const bool falls =
        i > 0 && !is_new && parts[i - 1] == known->second && number_of(nucleotides[i]) < number_of(nucleotides[i - 1]);
    if (is_new) {
      seen.emplace_back();
    } else if (falls && begins_again(nucleotides, i, seen[known->second])) {
      known->second = seen.size();
      seen.emplace_back();
    }
    parts[i] = known->second;
    seen[parts[i]].insert(number_of(nucleotides[i]));
  }
  return parts;
}

void join_bonded(Nucleotides nucleotides, const std::vector<std::size_t>& parts, DisjointSets& joined) {
  const auto is_bonded = [&](std::size_t a, std::size_t b) {
    return phosphodiester(*nucleotides[a].nucleotide, *nucleotides[b].nucleotide);
  };
  std::vector<std::size_t> ends, starts;  // without a bond to the adjacent nucleotide in the file
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool same_segment = i > 0 && nucleotides[i - 1].segment == nucleotides[i].segment;
    const bool after = i > 0 && (is_bonded(i - 1, i) ||
                                 (same_segment && bonded(*nucleotides[i - 1].nucleotide, *nucleotides[i].nucleotide)));
    if (after) joined.join(parts[i - 1], parts[i]);
    if (!after) starts.push_back(i);
    if (i > 0 && !after) ends.push_back(i - 1);
  }
  ends.push_back(parts.size() - 1);
  for (const std::size_t end : ends) {
    for (const std::size_t start : starts) {
      if (!joined.joined(parts[end], parts[start]) && is_bonded(end, start)) joined.join(parts[end], parts[start]);
    }
  }
}

}  // namespace

std::vector<std::size_t> molecules_of(std::span<const SegmentedNucleotide> nucleotides) {
  std::vector<std::size_t> molecules = parts_of(nucleotides);
  const std::size_t n_parts =
      molecules.empty() ? 0 : *std::max_element(molecules.begin(), molecules.end()) + std::size_t{1};
  if (n_parts < 2) return molecules;
  DisjointSets joined(n_parts);
  join_bonded(nucleotides, molecules, joined);
  std::unordered_map<std::size_t, std::size_t> numbers;
  for (std::size_t& molecule : molecules) {
    molecule = numbers.emplace(joined.find(molecule), numbers.size()).first->second;
  }
  return molecules;
}

}  // namespace flashrna
