// Chirality of the four stereocenters of ribose. A generated backbone may have inverted centers, which distances do not
// reveal.
#pragma once

#include <array>
#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

struct ChiralCenter {
  int carbon;                    // slot
  std::array<int, 3> neighbors;  // slots; counterclockwise in natural RNA, seen from the side opposite to the hydrogen
};

// C1', C2', C3', C4' of beta-D-ribofuranose.
inline constexpr std::array<ChiralCenter, 4> kRiboseCenters = {{
    {kC1, {kO4, kC2, kGlycosidicNitrogen}},
    {kC2, {kC3, kC1, kO2}},
    {kC3, {kC4, kC2, kO3}},
    {kC4, {kC3, kO4, kC5}},
}};

// (a - c).((b - c) x (d - c)) in Å³ for carbon c with its neighbors a, b, d. Natural centers are positive, about 2.6; a
// planar center is 0. NaN if an atom is missing.
double chiral_volume(const ChiralCenter& center, const Nucleotide& nucleotide);

struct RiboseChirality {
  std::array<long, 4> centers{};   // centers with all their atoms, in the order of kRiboseCenters
  std::array<long, 4> inverted{};  // those with a negative volume
};

RiboseChirality ribose_chirality(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
