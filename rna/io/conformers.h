// Alternate locations that belong together: those of bonded neighbors.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace gemmi {
struct Residue;
}

namespace flashrna {

// For every residue, in the order of `residues`, the letters of its stretch's alternate locations in the order of
// preference: by their occupancy, mean over the residues of the stretch, but among those within 0.2 of the highest by
// the bonds O3'-P that each keeps, within the stretch and to the residues beside it; the first in the file goes before
// at a tie. A stretch is one or more residues with alternate locations, some O3' of each within 2.5 Å of some P of the
// next; they follow each other in the file, but for the ends of parts that the file parts. Empty for the residues
// without.
std::vector<std::string> conformers_of_stretches(std::span<const gemmi::Residue* const> residues);

}  // namespace flashrna
