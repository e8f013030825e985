// Whether a residue is part of a polymer or a free ligand.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rna/io/residue_links.h"

namespace gemmi {
struct Entity;
struct Residue;
struct Structure;
}  // namespace gemmi

namespace flashrna {

// According to the file; kIfBonded: only if it is linked to a residue of the polymer.
enum class Membership { kYes, kIfBonded, kNo };

// What is known of a residue besides its records.
struct NameEvidence {
  bool is_declared = false;   // the file declares it a modified residue of the polymer
  bool often_ligand = false;  // the name is unknown or also that of a free ligand
  bool is_standard = false;   // the name of an unmodified residue in the PDB
};

// `seqres`: the SEQRES entity of the chain in a PDB file, or nullptr.
Membership membership_of(const gemmi::Structure& parsed, const gemmi::Residue& residue, const gemmi::Entity* seqres,
                         const NameEvidence& name);

// Whether SEQRES contains the residue name; false for nullptr.
bool in_sequence(const std::string& name, const gemmi::Entity* seqres);

struct MemberEvidence {
  Membership membership = Membership::kIfBonded;
  bool is_plain_atom = true;   // not a HETATM record
  bool is_unmodified = false;  // by its name
};

// The members of the polymer, in chain order: those that the file names; potential ligands linked to one of them or,
// judged by `linked_ligands`, to each other; and residues without neighbors between two members, if they are ATOM
// records, or unmodified by name in a file that does not mark members.
std::vector<bool> find_members(std::span<const MemberEvidence> evidence, const LinkedResidues& residues,
                               const BondTest& linked_ligands);

}  // namespace flashrna
