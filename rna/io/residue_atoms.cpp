#include "rna/io/residue_atoms.h"

#include <array>
#include <gemmi/model.hpp>

#include "rna/io/conformation.h"

namespace flashrna {
namespace {

constexpr double kLongestGlycosidicBond = 1.8;  // Å
constexpr double kLongestRingBond = 2.0;        // Å, C1'-O4': distinguishes a ribose from an open chain as in FMN

constexpr double kLongestBondAtC2 = 2.1;  // Å, C-Se; neighbors without a bond are at 2.3 Å

// The atom bonded to C2' in the position of O2' in ribose; nullptr in DNA.
const gemmi::Atom* at_2_prime(const Conformation& atoms) {
  if (const gemmi::Atom* o2 = atoms.find("O2'")) return o2;
  const gemmi::Atom *c1 = atoms.find("C1'"), *c2 = atoms.find("C2'"), *c3 = atoms.find("C3'");
  if (c1 == nullptr || c2 == nullptr || c3 == nullptr) return nullptr;
  for (const gemmi::Atom* atom : atoms.atoms()) {
    if (atom->element == gemmi::El::C || atom->pos.dist(c2->pos) > kLongestBondAtC2) continue;
    const gemmi::Vec3 to_c3 = c3->pos - c2->pos, to_c1 = c1->pos - c2->pos, to_atom = atom->pos - c2->pos;
    if (to_c3.dot(to_c1.cross(to_atom)) > 0.0) return atom;  // on the other side the sugar is arabinose
  }
  return nullptr;
}

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
  observed.has_2_prime = at_2_prime(atoms) != nullptr;
  if (is_unknown) {
    if (!has_ribose_ring(atoms)) return observed;
    observed.kind = observed.has_2_prime ? ResidueKind::kRna : ResidueKind::kDna;
    observed.often_ligand = residue.name != "UNK";
  } else if (identity.kind == ResidueKind::kDna && observed.has_2_prime && atoms.find("O2'") == nullptr &&
             !is_unmodified_dna(residue.name)) {
    observed.kind = ResidueKind::kRna;
  }
  observed.has_alternates = has_alternates(residue);

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
