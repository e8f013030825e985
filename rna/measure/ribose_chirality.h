// Handedness of the four chiral carbons of ribose. A generated backbone may have them inverted, which no distance
// shows.
#pragma once

#include <array>
#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

struct ChiralCenter {
  int carbon;                    // slot
  std::array<int, 3> neighbors;  // slots; in RNA counterclockwise, seen from the side away from the hydrogen
};

// C1', C2', C3', C4' of beta-D-ribofuranose.
inline constexpr std::array<ChiralCenter, 4> kRiboseCenters = {{
    {kC1, {kO4, kC2, kGlycosidicNitrogen}},
    {kC2, {kC3, kC1, kO2}},
    {kC3, {kC4, kC2, kO3}},
    {kC4, {kC3, kO4, kC5}},
}};

// (a - c).((b - c) x (d - c)) in Å³ for carbon c with its neighbors a, b, d: natural centers are positive, about 2.6, a
// flat one is 0. NaN where an atom is missing.
double chiral_volume(const ChiralCenter& center, const Nucleotide& nucleotide);

struct RiboseChirality {
  std::array<long, 4> centers{};   // with all their atoms, in the order of kRiboseCenters
  std::array<long, 4> inverted{};  // of these with a negative volume
};

RiboseChirality ribose_chirality(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
