// Detects nucleotides with the backbone of an A-form helix from their pseudo-torsions alone
// (rna/measure/local_geometry.h): eta = 168 ± 25°, theta = 212 ± 25°, around the peak of RNA structures (Duarte & Pyle
// 1998, doi:10.1006/jmbi.1998.2233).
#pragma once

#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

struct AFormCount {
  long a_form = 0;
  long nucleotides = 0;  // with both pseudo-torsions: bonded on both sides, P and C4' present

  double share() const;  // NaN without nucleotides
};

AFormCount count_a_form(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
