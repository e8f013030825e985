// Which nucleotides have the backbone of an A-form helix, by their pseudo-torsions alone
// (rna/measure/local_geometry.h): eta = 168 ± 25°, theta = 212 ± 25°, about the peak of RNA structures (Duarte & Pyle
// 1998, doi:10.1006/jmbi.1998.2233).
#pragma once

#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

struct AFormCount {
  long a_form = 0;
  long nucleotides = 0;  // with both pseudo-torsions: bonded on both sides, P and C4' there

  double share() const;  // NaN where there are none
};

AFormCount count_a_form(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
