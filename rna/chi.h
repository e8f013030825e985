// The glycosidic torsion chi, which places the base on the backbone. It is kept apart from the eight torsions of
// rna/torsion.h, which place the 13 backbone atoms.
#pragma once

#include <array>
#include <optional>

#include "rna/nucleotide.h"

namespace flashrna {

// (sin, cos) of O4'-C1'-N9-C4 in purines, of O4'-C1'-N1-C2 in pyrimidines (IUPAC-IUB 1983,
// doi:10.1111/j.1432-1033.1983.tb07225.x), and of O4'-C1'-C5-C4 in C-nucleosides such as pseudouridine, whose C4 is
// where uridine has C2. Empty without one of the four atoms, if three of them are collinear, and for Base::N.
std::optional<std::array<double, 2>> chi_of(const Nucleotide& nucleotide);

}  // namespace flashrna
