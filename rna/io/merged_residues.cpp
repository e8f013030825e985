#include "rna/io/merged_residues.h"

#include <bitset>
#include <cstddef>
#include <gemmi/model.hpp>

namespace flashrna {
namespace {

constexpr std::size_t kNameClasses = 512;

// A hash of the atom name with few values: names in one class may be equal.
std::size_t name_class(const gemmi::Atom& atom) {
  std::size_t sum = static_cast<unsigned char>(atom.altloc);
  for (const char letter : atom.name) sum = 31 * sum + static_cast<unsigned char>(letter);
  return sum % kNameClasses;
}

// Whether `atom` has the name of one of atoms[begin..end) at another position.
bool repeats_elsewhere(const std::vector<gemmi::Atom>& atoms, std::size_t begin, std::size_t end,
                       const gemmi::Atom& atom, double least_distance) {
  for (std::size_t i = begin; i < end; ++i) {
    if (atoms[i].altloc == atom.altloc && atoms[i].name == atom.name) {
      return atoms[i].pos.dist_sq(atom.pos) > least_distance * least_distance;
    }
  }
  return false;
}

}  // namespace

std::vector<gemmi::Residue> part_merged_residue(const gemmi::Residue& residue, double least_distance) {
  const std::vector<gemmi::Atom>& atoms = residue.atoms;
  std::bitset<kNameClasses> seen;  // avoids comparing all pairs of names in residues that were not merged
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const std::size_t name = name_class(atoms[i]);
    const std::size_t begin = starts.empty() ? 0 : starts.back();
    if (seen[name] && !atoms[i].is_hydrogen() && repeats_elsewhere(atoms, begin, i, atoms[i], least_distance))
      starts.push_back(i);
    seen.set(name);
  }
  if (starts.empty()) return {};
  starts.insert(starts.begin(), 0);
  starts.push_back(atoms.size());
  std::vector<gemmi::Residue> parts;
  for (std::size_t k = 0; k + 1 < starts.size(); ++k) {
    parts.push_back(residue.empty_copy());
    parts.back().entity_id = residue.entity_id;
    if (k > 0) parts.back().label_seq = {};  // gemmi kept only the number of the first
    const auto begin = atoms.begin();
    parts.back().atoms.assign(begin + static_cast<std::ptrdiff_t>(starts[k]),
                              begin + static_cast<std::ptrdiff_t>(starts[k + 1]));
  }
  return parts;
}

}  // namespace flashrna
