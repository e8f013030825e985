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

void assign_residue_indices(std::span<Nucleotide> nucleotides, std::span<const PolymerPosition> positions) {
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    Nucleotide& current = nucleotides[i];
    if (i == 0) {
      current.residue_index = 0;
      continue;
    }
    const Nucleotide& previous = nucleotides[i - 1];
    std::int64_t step = 1;
    if (positions[i].place != positions[i - 1].place + 1 || !bonded(previous, current)) {
      const std::int64_t from = positions[i - 1].sequence_position;
      const std::int64_t to = positions[i].sequence_position;
      const std::int64_t missing =
          from > 0 && to > from ? to - from : std::int64_t{current.seq_id} - std::int64_t{previous.seq_id};
      // File numbers are arbitrary: each gap is limited so that as large a gap fits before each remaining residue.
      const std::int64_t room =
          (kLargestIndex - previous.residue_index) / static_cast<std::int64_t>(nucleotides.size() - i);
      step = std::max<std::int64_t>(2, std::min(missing, room));
    }
    current.residue_index = static_cast<int>(previous.residue_index + step);
  }
}

}  // namespace flashrna
