#include "rna/residue_index.h"

#include <algorithm>

namespace flashrna {
namespace {

constexpr double kLongestO3P = 2.5;   // Å
constexpr double kLongestC4C4 = 9.0;  // Å

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
    int step = 1;
    if (positions[i].place != positions[i - 1].place + 1 || !bonded(previous, current)) {
      const int from = positions[i - 1].sequence_position;
      const int to = positions[i].sequence_position;
      step = std::max(2, from > 0 && to > from ? to - from : current.seq_id - previous.seq_id);
    }
    current.residue_index = previous.residue_index + step;
  }
}

}  // namespace flashrna
