// Pucker of the ribose ring as a pseudorotation: phase and amplitude from the five ring torsions nu0 to nu4
// (rna/measure/local_geometry.h). Two definitions, which differ by a few degrees where the ring is not ideal.
#pragma once

#include <array>
#include <string_view>

#include "rna/nucleotide.h"

namespace flashrna {

struct SugarPucker {
  double phase = 0.0;      // radians, in [0, 2π): about 0.3 for C3'-endo (A-form), 2.8 for C2'-endo
  double amplitude = 0.0;  // radians, about 0.65
};

// nu0 to nu4 in radians; NaN, all five, where one of the ring's atoms is missing.
std::array<double, 5> ring_torsions(const Nucleotide& nucleotide);

// Altona & Sundaralingam 1972 (doi:10.1021/ja00778a043), the definition that reports use: nu2 carries the amplitude.
SugarPucker altona_sundaralingam_pucker(const std::array<double, 5>& nu);

// Rao, Westhof & Sundaralingam 1981 (Acta Cryst. A37, 421): Fourier sum over all five torsions alike.
SugarPucker rao_pucker(const std::array<double, 5>& nu);

// "C3'-endo", "C4'-exo", ... for each tenth of the circle; empty for NaN.
std::string_view pucker_name(double phase);

}  // namespace flashrna
