#include "protein/measure/clashes.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "rna/cell_list.h"
#include "rna/measure/clash_radius.h"

namespace flashrna {
namespace {

struct Atom {
  std::size_t residue;
  int slot;
};

double radius(int slot) { return clash_radius(kProteinAtomNames[static_cast<std::size_t>(slot)][0]); }

// Whether `slot` of a residue is one or two bonds from `next_slot` of the next.
bool is_near_by_bonds(int slot, int next_slot) {
  constexpr std::array<std::pair<int, int>, 4> kPairs = {{{kC, kN}, {kCA, kN}, {kO, kN}, {kC, kCA}}};
  return std::ranges::find(kPairs, std::pair(slot, next_slot)) != kPairs.end();
}

}  // namespace

double ProteinClashes::per_100_atoms() const {
  return atoms == 0 ? 0.0 : 100.0 * static_cast<double>(pairs) / static_cast<double>(atoms);
}

ProteinClashes find_clashes(std::span<const ProteinResidue> residues) {
  std::vector<Vec3> positions;
  std::vector<Atom> atoms;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
      if (!residues[i].has(slot)) continue;
      positions.push_back(residues[i].atom(slot));
      atoms.push_back({i, slot});
    }
  }
  ProteinClashes clashes;
  clashes.atoms = std::ssize(atoms);
  const CellList cells(positions, 2.0 * clash_radius('C') - kClashOverlap);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    cells.for_each_near(i, [&](std::size_t j, double square) {
      const Atom &one = atoms[i], &other = atoms[j];
      if (other.residue <= one.residue) return;  // each pair once, from its first residue
      const double closest = radius(one.slot) + radius(other.slot) - kClashOverlap;
      if (square > closest * closest) return;
      const bool linked = residues[other.residue].residue_index == residues[one.residue].residue_index + 1;
      clashes.pairs += !(linked && is_near_by_bonds(one.slot, other.slot));
    });
  }
  return clashes;
}

}  // namespace flashrna
