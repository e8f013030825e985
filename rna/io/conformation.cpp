#include "rna/io/conformation.h"

#include <algorithm>
#include <cmath>
#include <gemmi/model.hpp>

#include "rna/cell_list.h"

namespace flashrna {
namespace {

// Coordinates that are not finite, or too large for any structure, count as missing.
bool is_usable(const gemmi::Atom& atom) {
  const auto in_range = [](double x) { return std::abs(x) <= kFurthestCoordinate; };  // false for NaN
  return !atom.is_hydrogen() && in_range(atom.pos.x) && in_range(atom.pos.y) && in_range(atom.pos.z);
}

struct AlternateLocation {
  char letter;
  double occupancy_sum = 0.0;
  int n_atoms = 0;

  // Rounded, so that equal occupancies tie independently of the number of atoms. The first in the file then wins.
  long rank() const { return std::lround(1000.0 * occupancy_sum / n_atoms); }
};

bool share_an_atom(const gemmi::Residue& residue, char one, char other) {
  for (const gemmi::Atom& a : residue.atoms) {
    if (a.altloc != one) continue;
    for (const gemmi::Atom& b : residue.atoms) {
      if (b.altloc == other && a.name == b.name) return true;
    }
  }
  return false;
}

// Letters of the selected alternate locations.
std::string choose_alternates(const gemmi::Residue& residue, const std::string& conformers) {
  std::vector<AlternateLocation> alternates;
  for (const gemmi::Atom& atom : residue.atoms) {
    if (atom.altloc == '\0' || !is_usable(atom)) continue;
    auto entry = std::find_if(alternates.begin(), alternates.end(),
                              [&](const AlternateLocation& known) { return known.letter == atom.altloc; });
    if (entry == alternates.end()) entry = alternates.insert(entry, AlternateLocation{atom.altloc});
    entry->occupancy_sum += atom.occ;
    ++entry->n_atoms;
  }
  std::stable_sort(alternates.begin(), alternates.end(),
                   [](const AlternateLocation& a, const AlternateLocation& b) { return a.rank() > b.rank(); });
  std::stable_sort(alternates.begin(), alternates.end(), [&](const AlternateLocation& a, const AlternateLocation& b) {
    return conformers.find(a.letter) < conformers.find(b.letter);  // all equal if `conformers` is empty
  });
  std::string chosen;
  for (const AlternateLocation& candidate : alternates) {
    const bool excluded = std::any_of(chosen.begin(), chosen.end(),
                                      [&](char taken) { return share_an_atom(residue, taken, candidate.letter); });
    if (!excluded) chosen += candidate.letter;
  }
  return chosen;
}

}  // namespace

Conformation::Conformation(const gemmi::Residue& residue, const std::string& conformers) {
  const std::string chosen = has_alternates(residue) ? choose_alternates(residue, conformers) : std::string();
  atoms_.reserve(residue.atoms.size());
  names_.reserve(residue.atoms.size());
  for (const gemmi::Atom& atom : residue.atoms) {
    if (!is_usable(atom) || atom.name.size() > kLongestName) continue;
    if (atom.altloc != '\0' && chosen.find(atom.altloc) == std::string::npos) continue;
    atoms_.push_back(&atom);
    Name& name = names_.emplace_back();
    name.length = static_cast<int>(atom.name.copy(name.letters, kLongestName));
    std::replace(name.letters, name.letters + name.length, '*', '\'');
    if (name.view() == "O1P") std::copy_n("OP1", 3, name.letters);
    if (name.view() == "O2P") std::copy_n("OP2", 3, name.letters);
  }
}

const gemmi::Atom* Conformation::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].view() == name) return atoms_[i];
  }
  return nullptr;
}

bool Conformation::has_any(std::initializer_list<std::string_view> names) const {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return find(name) != nullptr; });
}

double Conformation::distance(std::string_view one, std::string_view other) const {
  const gemmi::Atom* a = find(one);
  const gemmi::Atom* b = find(other);
  return a != nullptr && b != nullptr ? a->pos.dist(b->pos) : HUGE_VAL;
}

bool has_alternates(const gemmi::Residue& residue) {
  return std::any_of(residue.atoms.begin(), residue.atoms.end(),
                     [](const gemmi::Atom& atom) { return atom.altloc != '\0'; });
}

}  // namespace flashrna
