#include "rna/io/molecules.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/disjoint_sets.h"

namespace flashrna {
namespace {

using Numbers = std::set<ResidueNumber>;

class Parts {
 public:
  Parts(const LinkedResidues& residues, std::span<const Segment> segments) : residues_(residues), segments_(segments) {}

  // Splits the residues by the file's segments and numbers: the part of each residue.
  std::vector<std::size_t> split() const {
    std::vector<std::size_t> parts(segments_.size(), 0);
    std::unordered_map<std::string, std::size_t> last_part;  // by name of the segment
    std::vector<Numbers> seen;                               // by part
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const auto [known, is_new] = last_part.emplace(segments_[i].name, seen.size());
      const bool falls =
          i > 0 && !is_new && parts[i - 1] == known->second && residues_.numbers[i] < residues_.numbers[i - 1];
      if (is_new) {
        seen.emplace_back();
      } else if (falls && begins_again(i, seen[known->second])) {
        known->second = seen.size();
        seen.emplace_back();
      }
      parts[i] = known->second;
      seen[parts[i]].insert(residues_.numbers[i]);
    }
    return parts;
  }

  void join_bonded(const std::vector<std::size_t>& parts, DisjointSets& joined) const {
    std::vector<std::size_t> ends, starts;  // without a bond to the adjacent residue in the file
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool same_segment = i > 0 && segments_[i - 1].name == segments_[i].name;
      const bool after = i > 0 && (residues_.linked(i - 1, i) || (same_segment && residues_.bonded(i - 1, i)));
      if (after) joined.join(parts[i - 1], parts[i]);
      if (!after) starts.push_back(i);
      if (i > 0 && !after) ends.push_back(i - 1);
    }
    ends.push_back(parts.size() - 1);
    for (const std::size_t end : ends) {
      for (const std::size_t start : starts) {
        if (!joined.joined(parts[end], parts[start]) && residues_.linked(end, start)) {
          joined.join(parts[end], parts[start]);
        }
      }
    }
  }

 private:
  // Whether the numbers from `begin` up to the next decrease cannot continue the numbering of `seen`.
  bool begins_again(std::size_t begin, const Numbers& seen) const {
    int highest = residues_.numbers[begin].seq_id;
    for (std::size_t i = begin; i < segments_.size(); ++i) {
      const int number = residues_.numbers[i].seq_id;
      if (segments_[i].name != segments_[begin].name || number < highest) break;
      if (!segments_[i].has_alternates && seen.contains(residues_.numbers[i])) return true;
      highest = number;
    }
    return highest < seen.begin()->seq_id;
  }

  const LinkedResidues& residues_;
  std::span<const Segment> segments_;
};

}  // namespace

std::vector<std::size_t> molecules_of(const LinkedResidues& residues, std::span<const Segment> segments) {
  const Parts parts(residues, segments);
  std::vector<std::size_t> molecules = parts.split();
  const std::size_t n_parts =
      molecules.empty() ? 0 : *std::max_element(molecules.begin(), molecules.end()) + std::size_t{1};
  if (n_parts < 2) return molecules;
  DisjointSets joined(n_parts);
  parts.join_bonded(molecules, joined);
  std::unordered_map<std::size_t, std::size_t> numbers;
  for (std::size_t& molecule : molecules) {
    molecule = numbers.emplace(joined.find(molecule), numbers.size()).first->second;
  }
  return molecules;
}

}  // namespace flashrna
