// The atoms of one conformation of a residue, with current names: C4* becomes C4', O1P becomes OP1.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace gemmi {
struct Atom;
struct Residue;
}  // namespace gemmi

namespace flashrna {

// Selects one alternate location for the whole residue: the first in `conformers` (rna/io/conformers.h) or, if that is
// empty, the one with the highest mean occupancy. Others are added only if they have no atom in common with it.
// Hydrogens, atoms at unknown positions, and names of more than four letters are left out. The residue must outlive it.
class Conformation {
 public:
  Conformation(const gemmi::Residue& residue, const std::string& conformers);

  const gemmi::Atom* find(std::string_view name) const;  // nullptr if there is none
  bool has_any(std::initializer_list<std::string_view> names) const;
  double distance(std::string_view one, std::string_view other) const;  // Å; infinite if one is absent
  const std::vector<const gemmi::Atom*>& atoms() const { return atoms_; }

 private:
  static constexpr std::size_t kLongestName = 4;  // names of atoms with a slot have at most three letters

  struct Name {
    char letters[kLongestName];
    int length;

    std::string_view view() const { return {letters, static_cast<std::size_t>(length)}; }
  };
  std::vector<const gemmi::Atom*> atoms_;
  std::vector<Name> names_;  // of `atoms_`
};

// Whether some atom has an alternate location.
bool has_alternates(const gemmi::Residue& residue);

}  // namespace flashrna
