#include "protein/io/residue_atoms.h"

#include <gemmi/model.hpp>

#include "rna/io/conformation.h"

namespace flashrna {
namespace {

constexpr double kLongestBond = 1.8;  // Å, N-CA and CA-C
constexpr double kLongestCarbonyl = 1.6;

bool has_backbone(const Conformation& atoms) {
  return atoms.distance("N", "CA") <= kLongestBond && atoms.distance("CA", "C") <= kLongestBond;
}

const gemmi::Atom* carbonyl_oxygen(const Conformation& atoms) {
  if (const gemmi::Atom* o = atoms.find("O")) return o;
  for (const char* name : {"OT1", "O1"}) {
    if (atoms.distance("C", name) <= kLongestCarbonyl) return atoms.find(name);
  }
  return nullptr;
}

void put_atoms(const Conformation& atoms, ObservedAminoAcid& observed) {
  double b_factor_sum = 0.0, occupancy_sum = 0.0;
  int n_stored = 0;
  for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
    const gemmi::Atom* atom =
        slot == kO ? carbonyl_oxygen(atoms) : atoms.find(kProteinAtomNames[static_cast<std::size_t>(slot)]);
    if (atom == nullptr) continue;
    observed.residue.set(slot, Vec3(atom->pos.x, atom->pos.y, atom->pos.z));
    b_factor_sum += static_cast<double>(atom->b_iso);
    occupancy_sum += static_cast<double>(atom->occ);
    ++n_stored;
  }
  if (n_stored == 0) return;
  observed.residue.b_factor = static_cast<float>(b_factor_sum / n_stored);
  observed.mean_occupancy = static_cast<float>(occupancy_sum / n_stored);
}

}  // namespace

std::optional<ObservedAminoAcid> observe_amino_acid(const gemmi::Residue& residue, const AminoAcidIdentity& identity,
                                                    bool is_known, const std::string& conformers) {
  if (!identity.is_amino_acid && is_known) return std::nullopt;
  const Conformation atoms(residue, conformers);
  if (!identity.is_amino_acid && !has_backbone(atoms)) return std::nullopt;
  ObservedAminoAcid observed;
  observed.often_ligand = !identity.is_amino_acid;
  observed.has_alternates = has_alternates(residue);
  observed.residue.type = identity.parent;
  observed.residue.name = residue.name;
  observed.residue.seq_id = residue.seqid.num.has_value() ? *residue.seqid.num : 0;
  observed.residue.insertion_code = residue.seqid.icode;
  put_atoms(atoms, observed);
  return observed;
}

}  // namespace flashrna
