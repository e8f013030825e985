// Pucker of the ribose ring as a pseudorotation: phase and amplitude from the five ring torsions nu0 to nu4
// (rna/measure/local_geometry.h). The two definitions differ by a few degrees for non-ideal rings.
#pragma once

#include <array>
#include <string_view>

#include "rna/nucleotide.h"

namespace flashrna {

struct SugarPucker {
  double phase = 0.0;      // radians, in [0, 2π): about 0.3 for C3'-endo (A-form), 2.8 for C2'-endo
  double amplitude = 0.0;  // radians, about 0.65
};

// nu0 to nu4 in radians. All are NaN if an atom of the ring is missing.
std::array<double, 5> ring_torsions(const Nucleotide& nucleotide);

// Altona & Sundaralingam 1972 (doi:10.1021/ja00778a043), the definition used in reports; the amplitude is based on nu2.
SugarPucker altona_sundaralingam_pucker(const std::array<double, 5>& nu);

// Rao, Westhof & Sundaralingam 1981 (Acta Cryst. A37, 421): a Fourier sum with equal weights of the five torsions.
SugarPucker rao_pucker(const std::array<double, 5>& nu);

// "C3'-endo", "C4'-exo", ... for each tenth of the circle; empty for NaN.
std::string_view pucker_name(double phase);

}  // namespace flashrna
