// The metrics of generated backbones in RNA-FrameFlow (arXiv:2406.13839), on C4' atoms only, as published. They ignore
// chain breaks, count a third of real C4' steps as invalid, and use the protein scale in the TM-like score. Their
// purpose is comparison with published figures. For the project's own metrics see rna/measure/local_geometry.h,
// rna/measure/clashes.h and rna/compare/tm_score.h.
#pragma once

#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

struct PublishedC4Metrics {
  double mean_distance = 0.0;       // avg_c4_bond_dists: mean distance of successive C4', Å; NaN for one residue
  double deviation = 0.0;           // c4_c4_deviation: mean |d - 6.12 Å|; NaN for one residue
  double valid_fraction = 0.0;      // c4_c4_valid_percent: fraction with d < 6.22 Å, in [0, 1]; NaN for one residue
  long clashes = 0;                 // num_c4_c4_clashes: pairs with 0 < d < 1 Å; exact overlaps do not count
  double radius_of_gyration = 0.0;  // Å
};

// Throws Error if `c4` is empty. Time L², constant memory.
PublishedC4Metrics published_c4_metrics(std::span<const Vec3> c4);

// Radians: L - 2 angles of successive C4' triplets, and L - 3 dihedrals with the IUPAC sign and the published clamping.
std::vector<double> published_c4_angles(std::span<const Vec3> c4);
std::vector<double> published_c4_dihedrals(std::span<const Vec3> c4);

struct PublishedSuperposition {
  double rmsd = 0.0;      // Å, after superposition of all points
  double gdt = 0.0;       // mean fraction of distances below 1, 2, 4 and 8 Å, in [0, 1]
  double tm_score = 0.0;  // same superposition; d0 = 1.24 (n - 15)^(1/3) - 1.8 Å, intended for n >= 19
};

// Throws Error if the spans differ in length or are empty.
PublishedSuperposition published_superposition(std::span<const Vec3> mobile, std::span<const Vec3> target);

}  // namespace flashrna
