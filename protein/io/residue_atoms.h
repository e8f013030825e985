// Converts one residue of a parsed file to a ProteinResidue: selects one alternate location, assigns atoms to slots,
// determines the parent amino acid.
#pragma once

#include <optional>
#include <string>

#include "protein/residue.h"

namespace gemmi {
struct Residue;
}

namespace flashrna {

struct ObservedAminoAcid {
  ProteinResidue residue;
  bool often_ligand = false;    // the name is unknown
  bool has_alternates = false;  // some atom has an alternate location
  float mean_occupancy = 1.0f;  // of the atoms taken
};

// nullopt if the residue is no amino acid. `identity` is derived from its name; if that is none of an amino acid and
// `is_known` is false, bonded atoms N, CA and C make it an amino acid of unknown type. `conformers` selects the
// alternate location (rna/io/conformation.h). O is that of the carbonyl group, also as OT1 or O1 of a chain's end.
std::optional<ObservedAminoAcid> observe_amino_acid(const gemmi::Residue& residue, const AminoAcidIdentity& identity,
                                                    bool is_known, const std::string& conformers);

}  // namespace flashrna
