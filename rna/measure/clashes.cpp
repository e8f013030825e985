#include "rna/measure/clashes.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "rna/cell_list.h"
#include "rna/measure/clash_radius.h"

namespace flashrna {
namespace {

struct Atom {
  std::size_t nucleotide;
  int slot;
  double radius;
};

}  // namespace

double closest_without_clash(int slot, int other_slot) {
  return clash_radius(atom_name(Base::A, slot)[0]) + clash_radius(atom_name(Base::A, other_slot)[0]) - kClashOverlap;
}

bool near_by_bonds(int slot, int next_slot) {
  constexpr std::array<std::pair<int, int>, 5> kPairs = {{{kO3, kP}, {kC3, kP}, {kO3, kOP1}, {kO3, kOP2}, {kO3, kO5}}};
  return std::ranges::find(kPairs, std::pair(slot, next_slot)) != kPairs.end();
}

double Clashes::per_100_atoms() const {
  return atoms == 0 ? 0.0 : 100.0 * static_cast<double>(pairs) / static_cast<double>(atoms);
}

double Clashes::published_per_100_atoms() const {
  return atoms == 0 ? 0.0 : 100.0 * static_cast<double>(published_pairs) / static_cast<double>(atoms);
}

Clashes find_clashes(std::span<const Nucleotide> nucleotides, ClashAtoms compared) {
  const int slots = compared == ClashAtoms::kAll ? kAtomSlots : kBackboneAtoms;
  std::vector<Vec3> positions;
  std::vector<Atom> atoms;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    for (int slot = 0; slot < slots; ++slot) {
      if (!nucleotides[i].has(slot)) continue;
      positions.push_back(nucleotides[i].atoms[slot]);
      atoms.push_back({i, slot, clash_radius(atom_name(nucleotides[i], slot)[0])});
    }
  }
  Clashes clashes;
  clashes.atoms = std::ssize(atoms);
  const CellList cells(positions, 2.0 * clash_radius('P') - kClashOverlap);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    cells.for_each_near(i, [&](std::size_t j, double square) {
      if (atoms[j].nucleotide <= atoms[i].nucleotide) return;  // each pair once, from its first residue
      const double closest = atoms[i].radius + atoms[j].radius - kClashOverlap;
      if (square > closest * closest) return;
      const Nucleotide &one = nucleotides[atoms[i].nucleotide], &other = nucleotides[atoms[j].nucleotide];
      const bool linked =
          atoms[j].nucleotide == atoms[i].nucleotide + 1 && other.residue_index == one.residue_index + 1;
      clashes.pairs += !(linked && near_by_bonds(atoms[i].slot, atoms[j].slot));
      clashes.published_pairs += !(linked && atoms[i].slot == kO3 && atoms[j].slot == kP);
    });
  }
  return clashes;
}

}  // namespace flashrna
