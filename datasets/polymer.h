// The kinds of polymer that a dataset holds, and the sizes of their rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flashrna {

enum class Polymer : std::uint8_t { kRna, kProtein };

struct PolymerTraits {
  const char* name;  // as an attribute of a dataset and on the command line
  int torsions;      // of a residue, stored as (sin, cos)
  int atom_slots;    // of a residue
};

// Indexed by Polymer. RNA: rna/torsion.h and rna/nucleotide.h. Protein: psi, and the slots N CA C CB O.
inline constexpr std::array kPolymerTraits = {PolymerTraits{"rna", 8, 23}, PolymerTraits{"protein", 1, 5}};

constexpr const PolymerTraits& traits_of(Polymer polymer) { return kPolymerTraits[static_cast<std::size_t>(polymer)]; }

}  // namespace flashrna
