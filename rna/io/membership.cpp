#include "rna/io/membership.h"

#include <algorithm>
#include <gemmi/model.hpp>

namespace flashrna {

bool in_sequence(const std::string& name, const gemmi::Entity* seqres) {
  return seqres != nullptr && gemmi::in_vector(name, seqres->full_sequence);
}

Membership membership_of(const gemmi::Structure& parsed, const gemmi::Residue& residue, const gemmi::Entity* seqres,
                         const NameEvidence& name) {
  const gemmi::Entity* entity = residue.entity_id.empty() ? nullptr : parsed.get_entity(residue.entity_id);
  if (entity != nullptr && entity->entity_type != gemmi::EntityType::Unknown) {
    return entity->entity_type == gemmi::EntityType::Polymer ? Membership::kYes : Membership::kNo;
  }
  // A PDB file, or mmCIF without entities. In PDB files, residues before TER are marked as polymer, the others are not.
  const bool after_ter = residue.entity_type == gemmi::EntityType::NonPolymer;
  if (!after_ter && (name.is_declared || in_sequence(residue.name, seqres))) return Membership::kYes;
  if (name.often_ligand) return Membership::kIfBonded;
  const bool before_ter = residue.entity_type == gemmi::EntityType::Polymer;
  const bool is_plain_atom = residue.het_flag != 'H';
  // A standard residue among the HETATM records is a ligand or a buffer component.
  if (before_ter || is_plain_atom || (!name.is_standard && !after_ter)) return Membership::kYes;
  return Membership::kIfBonded;
}

std::vector<bool> find_members(std::span<const MemberEvidence> evidence, const LinkedResidues& residues,
                               const BondTest& linked_ligands) {
  std::vector<bool> members;
  for (const MemberEvidence& residue : evidence) members.push_back(residue.membership == Membership::kYes);
  const bool file_tells = std::find(members.begin(), members.end(), true) != members.end();
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i - 1] ? residues.linked(i - 1, i) : !members[i] && linked_ligands(i - 1, i)) {
      members[i - 1] = members[i] = true;
    }
  }
  for (std::size_t i = members.size(); i-- > 1;) {
    if (members[i] && residues.linked(i - 1, i)) members[i - 1] = true;
  }
  const auto first = std::find(members.begin(), members.end(), true);
  const auto last = std::find(members.rbegin(), std::make_reverse_iterator(first), true).base();
  for (auto member = first; member < last; ++member) {
    const MemberEvidence& residue = evidence[static_cast<std::size_t>(member - members.begin())];
    if (residue.is_plain_atom || (!file_tells && residue.is_unmodified)) *member = true;
  }
  return members;
}

}  // namespace flashrna
