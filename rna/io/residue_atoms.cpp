#include "rna/io/residue_atoms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gemmi/model.hpp>
#include <initializer_list>
#include <vector>

namespace flashrna {
namespace {

constexpr double kLongestGlycosidicBond = 1.8;  // Å
constexpr double kLongestRingBond = 2.0;        // Å, C1'-O4': distinguishes a ribose from an open chain as in FMN

bool is_usable(const gemmi::Atom& atom) {
  return !atom.is_hydrogen() && std::isfinite(atom.pos.x) && std::isfinite(atom.pos.y) && std::isfinite(atom.pos.z);
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

// The atoms of one conformation, with current names: C4* becomes C4', O1P becomes OP1.
class Conformation {
 public:
  Conformation(const gemmi::Residue& residue, const std::string& conformers) {
    const bool has_alternates = std::any_of(residue.atoms.begin(), residue.atoms.end(),
                                            [](const gemmi::Atom& atom) { return atom.altloc != '\0'; });
    const std::string chosen = has_alternates ? choose_alternates(residue, conformers) : std::string();
    entries_.reserve(residue.atoms.size());
    for (const gemmi::Atom& atom : residue.atoms) {
      if (!is_usable(atom) || atom.name.size() > kLongestName) continue;
      if (atom.altloc != '\0' && chosen.find(atom.altloc) == std::string::npos) continue;
      Entry& entry = entries_.emplace_back();
      entry.atom = &atom;
      entry.length = static_cast<int>(atom.name.copy(entry.name, kLongestName));
      std::replace(entry.name, entry.name + entry.length, '*', '\'');
      if (entry.view() == "O1P") std::copy_n("OP1", 3, entry.name);
      if (entry.view() == "O2P") std::copy_n("OP2", 3, entry.name);
    }
  }

  const gemmi::Atom* find(std::string_view name) const {
    for (const Entry& entry : entries_) {
      if (entry.view() == name) return entry.atom;
    }
    return nullptr;
  }

  bool has_any(std::initializer_list<std::string_view> names) const {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return find(name) != nullptr; });
  }

  double distance(std::string_view one, std::string_view other) const {
    const gemmi::Atom* a = find(one);
    const gemmi::Atom* b = find(other);
    return a != nullptr && b != nullptr ? a->pos.dist(b->pos) : HUGE_VAL;
  }

  // The atom bonded to C2' in the position of O2' in ribose; nullptr in DNA.
  const gemmi::Atom* at_2_prime() const {
    if (const gemmi::Atom* o2 = find("O2'")) return o2;
    const gemmi::Atom *c1 = find("C1'"), *c2 = find("C2'"), *c3 = find("C3'");
    if (c1 == nullptr || c2 == nullptr || c3 == nullptr) return nullptr;
    for (const Entry& entry : entries_) {
      const gemmi::Atom& atom = *entry.atom;
      if (atom.element == gemmi::El::C || atom.pos.dist(c2->pos) > kLongestBondAtC2) continue;
      const gemmi::Vec3 to_c3 = c3->pos - c2->pos, to_c1 = c1->pos - c2->pos, to_atom = atom.pos - c2->pos;
      if (to_c3.dot(to_c1.cross(to_atom)) > 0.0) return &atom;  // on the other side the sugar is arabinose
    }
    return nullptr;
  }

 private:
  static constexpr double kLongestBondAtC2 = 2.1;  // Å, C-Se; neighbors without a bond are at 2.3 Å
  static constexpr std::size_t kLongestName = 4;   // names of atoms with a slot have at most three letters

  struct Entry {
    const gemmi::Atom* atom;
    char name[kLongestName];
    int length;

    std::string_view view() const { return {name, static_cast<std::size_t>(length)}; }
  };
  std::vector<Entry> entries_;
};

// The ring atom bonded to C1'; if C1' is missing, N9 or N1 by name. Empty if there is none.
std::string_view glycosidic_atom(const Conformation& atoms) {
  constexpr std::array<std::string_view, 4> kCandidates = {"N9", "N1", "C5", "C9"};
  if (atoms.find("C1'") == nullptr) return atoms.find("N9") ? "N9" : atoms.find("N1") ? "N1" : "";
  for (std::string_view candidate : kCandidates) {
    if (atoms.distance("C1'", candidate) <= kLongestGlycosidicBond) return candidate;
  }
  return "";
}

Base base_from_atoms(const Conformation& atoms, std::string_view glycosidic) {
  if (glycosidic == "N9" || glycosidic == "C9") {
    if (atoms.has_any({"O6", "S6", "N2"})) return Base::G;
    return atoms.find("N6") ? Base::A : Base::N;
  }
  if (glycosidic == "N1" || glycosidic == "C5") {
    if (atoms.find("N4")) return Base::C;
    return atoms.has_any({"O4", "S4", "SE4"}) ? Base::U : Base::N;
  }
  return Base::N;
}

bool has_ribose_ring(const Conformation& atoms) {
  return atoms.has_any({"C2'"}) && atoms.has_any({"C3'"}) && atoms.has_any({"C4'"}) &&
         atoms.distance("C1'", "O4'") <= kLongestRingBond;
}

bool is_unmodified_dna(const std::string& name) { return name.size() == 2 && (name[0] & ~0x20) == 'D'; }

void put_atoms(const Conformation& atoms, std::string_view glycosidic, ObservedResidue& observed) {
  Nucleotide& nucleotide = observed.nucleotide;
  double b_factor_sum = 0.0;
  double occupancy_sum = 0.0;
  int n_stored = 0;
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    std::string_view name = atom_name(nucleotide.base, slot);
    if (slot == kGlycosidicNitrogen) {
      name = glycosidic;
    } else if (slot > kGlycosidicNitrogen && !name.empty() && name == glycosidic) {
      name = atom_name(nucleotide.base, kGlycosidicNitrogen);  // pseudouridine: N1 is in the position of C5
    }
    const gemmi::Atom* atom = name.empty() ? nullptr : atoms.find(name);
    if (atom == nullptr) continue;
    nucleotide.set(slot, Vec3(atom->pos.x, atom->pos.y, atom->pos.z));
    b_factor_sum += atom->b_iso;
    occupancy_sum += atom->occ;
    ++n_stored;
  }
  if (n_stored == 0) return;
  nucleotide.b_factor = static_cast<float>(b_factor_sum / n_stored);
  observed.mean_occupancy = static_cast<float>(occupancy_sum / n_stored);
}

}  // namespace

ObservedResidue observe_residue(const gemmi::Residue& residue, const ResidueIdentity& identity,
                                const std::string& conformers) {
  ObservedResidue observed;
  observed.kind = identity.kind;
  const bool is_unknown = identity.kind == ResidueKind::kUnknown || residue.name == "UNK";
  if (!is_unknown && (identity.kind == ResidueKind::kAminoAcid || identity.kind == ResidueKind::kWater)) {
    return observed;
  }

  const Conformation atoms(residue, conformers);
  observed.often_ligand = identity.often_ligand;
  observed.is_mirror = identity.is_mirror;
  observed.has_2_prime = atoms.at_2_prime() != nullptr;
  if (is_unknown) {
    if (!has_ribose_ring(atoms)) return observed;
    observed.kind = observed.has_2_prime ? ResidueKind::kRna : ResidueKind::kDna;
    observed.often_ligand = residue.name != "UNK";
  } else if (identity.kind == ResidueKind::kDna && observed.has_2_prime && atoms.find("O2'") == nullptr &&
             !is_unmodified_dna(residue.name)) {
    observed.kind = ResidueKind::kRna;
  }
  observed.has_alternates = std::any_of(residue.atoms.begin(), residue.atoms.end(),
                                        [](const gemmi::Atom& atom) { return atom.altloc != '\0'; });

  const std::string_view glycosidic = glycosidic_atom(atoms);
  Nucleotide& nucleotide = observed.nucleotide;
  nucleotide.name = residue.name;
  nucleotide.seq_id = residue.seqid.num.has_value() ? *residue.seqid.num : 0;
  nucleotide.insertion_code = residue.seqid.icode;
  if (observed.kind == ResidueKind::kRna) {
    nucleotide.base =
        identity.base == Base::N && residue.name != "N" ? base_from_atoms(atoms, glycosidic) : identity.base;
  }
  put_atoms(atoms, glycosidic, observed);
  return observed;
}

}  // namespace flashrna
