// The metrics of generated backbones that RNA-FrameFlow published (arXiv:2406.13839), on C4' atoms alone, as published:
// chain breaks are not looked for, a third of real C4' steps counts as invalid, and the TM-like score has the scale of
// proteins. They serve to compare with published figures. For ours see rna/measure/local_geometry.h,
// rna/measure/clashes.h and rna/compare/tm_score.h.
#pragma once

#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

struct PublishedC4Metrics {
  double mean_distance = 0.0;       // avg_c4_bond_dists: of successive C4', Å; NaN for one residue
  double deviation = 0.0;           // c4_c4_deviation: mean |d - 6.12 Å|; NaN for one residue
  double valid_fraction = 0.0;      // c4_c4_valid_percent: share of d < 6.22 Å, in [0, 1]; NaN for one residue
  long clashes = 0;                 // num_c4_c4_clashes: pairs with 0 < d < 1 Å; exact overlaps do not count
  double radius_of_gyration = 0.0;  // Å
};

// Throws Error if there is no point. Time L², memory constant.
PublishedC4Metrics published_c4_metrics(std::span<const Vec3> c4);

// Radians; L - 2 angles of successive C4' triplets, L - 3 dihedrals with the IUPAC sign and the published clamps.
std::vector<double> published_c4_angles(std::span<const Vec3> c4);
std::vector<double> published_c4_dihedrals(std::span<const Vec3> c4);

struct PublishedSuperposition {
  double rmsd = 0.0;      // Å, after superposition of all points
  double gdt = 0.0;       // mean share of distances below 1, 2, 4 and 8 Å, in [0, 1]
  double tm_score = 0.0;  // over the same superposition, d0 = 1.24 (n - 15)^(1/3) - 1.8 Å, meant for n >= 19
};

// Throws Error if the spans differ in length or are empty.
PublishedSuperposition published_superposition(std::span<const Vec3> mobile, std::span<const Vec3> target);

}  // namespace flashrna
