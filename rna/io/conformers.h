// Selects alternate locations consistently across bonded neighbors.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rna/io/residue_links.h"

namespace gemmi {
struct Residue;
}

namespace flashrna {

// For every residue, in the order of `residues`, the letters of alternate locations in order of preference; empty for
// residues without alternate locations. The preference is the same within a stretch. It sorts by occupancy, averaged
// over the residues of the stretch. Among letters within 0.2 of the highest occupancy, it sorts by the number of bonds
// that each preserves within the stretch and to adjacent residues. Ties keep the order of the file. A stretch consists
// of one or more residues with alternate locations, in which some end of each is within the length of the link of some
// start of the next. Its residues are consecutive in the file, except where the file splits a stretch into parts.
std::vector<std::string> conformers_of_stretches(std::span<const gemmi::Residue* const> residues,
                                                 const LinkAtoms& link);

}  // namespace flashrna
