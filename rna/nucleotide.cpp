#include "rna/nucleotide.h"

#include "rna/frame.h"
#include "rna/parent_nucleotide.h"

namespace flashrna {
namespace {

using AtomNames = std::array<std::string_view, kAtomSlots>;

constexpr AtomNames with_base_atoms(std::initializer_list<std::string_view> base_atoms) {
  AtomNames names = {"P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "O2'", "C1'"};
  int slot = kSugarPhosphateAtoms;
  for (std::string_view name : base_atoms) names[slot++] = name;
  return names;
}

// By Base. Base atoms are listed around the rings from the atom bonded to C1'.
constexpr std::array<AtomNames, 5> kAtomNames = {
    with_base_atoms({"N9", "C8", "N7", "C5", "C6", "N6", "N1", "C2", "N3", "C4"}),
    with_base_atoms({"N1", "C2", "O2", "N3", "C4", "N4", "C5", "C6"}),
    with_base_atoms({"N9", "C8", "N7", "C5", "C6", "O6", "N1", "C2", "N2", "N3", "C4"}),
    with_base_atoms({"N1", "C2", "O2", "N3", "C4", "O4", "C5", "C6"}),
    with_base_atoms({"N9"}),
};

}  // namespace

char base_letter(Base base) { return "ACGUN"[static_cast<int>(base)]; }

std::string_view atom_name(Base base, int slot) { return kAtomNames[static_cast<int>(base)][slot]; }

int atom_slot(Base base, std::string_view name) {
  const AtomNames& names = kAtomNames[static_cast<int>(base)];
  for (int slot = 0; slot < kAtomSlots && !names[slot].empty(); ++slot) {
    if (names[slot] == name) return slot;
  }
  return -1;
}

bool Nucleotide::has_frame() const {
  if (!has(kC3) || !has(kC4) || !has(kO4)) return false;
  // C4'-C3' and C4'-O4' are 1.52 and 1.45 Å long; one atom far away is a mistake of the file.
  constexpr double kLongestBond = 3.0;
  const auto bonded = [&](int slot) { return (atoms[slot] - atoms[kC4]).norm() < kLongestBond; };
  return bonded(kC3) && bonded(kO4) && spans_frame(atoms[kC3], atoms[kC4], atoms[kO4]);
}

std::string_view atom_name(const Nucleotide& nucleotide, int slot) {
  const std::string_view name = atom_name(nucleotide.base, slot);
  if (slot >= kGlycosidicNitrogen && nucleotide.base == Base::U && is_c_nucleoside(nucleotide.name)) {
    if (name == "N1") return "C5";
    if (name == "C5") return "N1";
  }
  return name;
}

}  // namespace flashrna
