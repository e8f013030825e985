#include "rna/io/placeholder_atoms.h"

#include <cmath>
#include <cstddef>
#include <gemmi/model.hpp>
#include <limits>
#include <vector>

namespace flashrna {
namespace {

constexpr double kLeastPlaceholder = 999.0;

bool is_at_origin(const gemmi::Atom& atom) { return atom.pos.x == 0.0 && atom.pos.y == 0.0 && atom.pos.z == 0.0; }

bool has_one_large_value(const gemmi::Atom& atom) {
  return std::abs(atom.pos.x) >= kLeastPlaceholder && atom.pos.x == atom.pos.y && atom.pos.y == atom.pos.z;
}

// Whether two atoms of one conformation have equal positions. Equal names denote the same atom.
bool coincide(const gemmi::Atom& one, const gemmi::Atom& other) {
  const bool exclude_each_other = one.altloc != '\0' && other.altloc != '\0' && one.altloc != other.altloc;
  return one.pos.x == other.pos.x && one.pos.y == other.pos.y && one.pos.z == other.pos.z && !exclude_each_other &&
         one.name != other.name;
}

void mark(gemmi::Residue& residue, bool several_at_origin) {
  std::vector<gemmi::Atom>& atoms = residue.atoms;
  std::vector<std::size_t> marked;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (atoms[i].is_hydrogen()) continue;
    bool is_placeholder = has_one_large_value(atoms[i]) || (several_at_origin && is_at_origin(atoms[i]));
    for (std::size_t k = 0; k < atoms.size() && !is_placeholder; ++k) {
      is_placeholder = k != i && coincide(atoms[i], atoms[k]) && !atoms[k].is_hydrogen();
    }
    if (is_placeholder) marked.push_back(i);
  }
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  for (const std::size_t i : marked) atoms[i].pos = gemmi::Position(kUnknown, kUnknown, kUnknown);
}

}  // namespace

void unset_placeholders(gemmi::Model& model) {
  int at_origin = 0;
  for (const gemmi::Chain& chain : model.chains) {
    for (const gemmi::Residue& residue : chain.residues) {
      for (const gemmi::Atom& atom : residue.atoms) at_origin += is_at_origin(atom) && !atom.is_hydrogen();
    }
  }
  for (gemmi::Chain& chain : model.chains) {
    for (gemmi::Residue& residue : chain.residues) mark(residue, at_origin > 1);
  }
}

}  // namespace flashrna
