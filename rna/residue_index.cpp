#include "rna/residue_index.h"

#include <algorithm>
#include <cstdint>

namespace flashrna {
namespace {

constexpr double kLongestC4C4 = 9.0;  // Å
// Larger than any real numbering needs, and far enough below the largest int for arithmetic.
constexpr std::int64_t kLargestIndex = 1'000'000'000;

bool within(const Vec3& a, const Vec3& b, double distance) { return (a - b).squaredNorm() <= distance * distance; }

}  // namespace

bool phosphodiester(const Nucleotide& previous, const Nucleotide& next) {
  return previous.has(kO3) && next.has(kP) && within(previous.atoms[kO3], next.atoms[kP], kLongestO3P);
}

bool bonded(const Nucleotide& previous, const Nucleotide& next) {
  if (previous.has(kO3) && next.has(kP)) return phosphodiester(previous, next);
  return previous.has(kC4) && next.has(kC4) && within(previous.atoms[kC4], next.atoms[kC4], kLongestC4C4);
}

std::vector<int> residue_indices(std::span<const IndexedResidue> residues) {
  std::vector<int> indices;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    if (i == 0) {
      indices.push_back(0);
      continue;
    }
    const IndexedResidue &previous = residues[i - 1], &current = residues[i];
    std::int64_t step = 1;
    if (current.position.place != previous.position.place + 1 || !current.bonded) {
      const std::int64_t from = previous.position.sequence_position, to = current.position.sequence_position;
      const std::int64_t missing =
          from > 0 && to > from ? to - from : std::int64_t{current.seq_id} - std::int64_t{previous.seq_id};
      // File numbers are arbitrary: each gap is limited so that as large a gap fits before each remaining residue.
      const std::int64_t room = (kLargestIndex - indices.back()) / static_cast<std::int64_t>(residues.size() - i);
      step = std::max<std::int64_t>(2, std::min(missing, room));
    }
    indices.push_back(static_cast<int>(indices.back() + step));
  }
  return indices;
}

void assign_residue_indices(std::span<Nucleotide> nucleotides, std::span<const PolymerPosition> positions) {
  std::vector<IndexedResidue> residues;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    residues.push_back({nucleotides[i].seq_id, positions[i], i > 0 && bonded(nucleotides[i - 1], nucleotides[i])});
  }
  const std::vector<int> indices = residue_indices(residues);
  for (std::size_t i = 0; i < nucleotides.size(); ++i) nucleotides[i].residue_index = indices[i];
}

}  // namespace flashrna
