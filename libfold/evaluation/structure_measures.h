// Measures of one structure alone. docs/evaluation.md defines them for users.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "libfold/evaluation/pair_measures.h"
#include "rna/measure/a_form.h"
#include "rna/measure/clashes.h"
#include "rna/measure/local_geometry.h"
#include "rna/measure/published_metrics.h"
#include "rna/measure/ribose_chirality.h"
#include "rna/nucleotide.h"

namespace flashrna {

struct StructureMeasures {
  int residues = 0;
  int links = 0;                    // pairs of successive nucleotides of one chain
  int breaks = 0;                   // links without a bond: residue_index rises by more than 1
  int c4_near = 0;                  // links with C4'-C4' in 5 to 7 Å, including broken links
  int c4_close = 0;                 // links with C4'-C4' in 5.5 to 6.5 Å, including broken links
  int o3_p_links = 0;               // links whose O3' and P are present, including broken links
  int bonded = 0;                   // of these, with O3'-P below 2.5 Å
  int o3_p_near = 0;                // of these, with O3'-P in 1.2 to 2.2 Å
  double radius_of_gyration = 0.0;  // Å, of C4'
  AFormCount a_form;
  Clashes clashes;
  Clashes all_atom_clashes;  // without atoms if no nucleotide has more of its base than the glycosidic nitrogen
  RiboseChirality chirality;
  int riboses = 0;  // with all five atoms of the ring
  int c3_endo = 0;  // of these, with a phase in [0, 36°)
  PublishedC4Metrics published;

  long chiral_centers() const;
  long inverted_centers() const;
  // Breaks, clashes and inverted centers per 100 nucleotides. Orders samples without self-consistency.
  double defects_per_100_residues() const;
};

// Throws Error if there is no nucleotide, if one lacks C4', or if a coordinate is not finite or beyond 1e6 Å. Time is
// O(L²) because of the published clashes; memory is linear.
StructureMeasures measure_structure(std::span<const Nucleotide> nucleotides);

// A quantity that every nucleotide may have: those of rna/measure/local_geometry.h, the sugar's phase and amplitude
// (Altona & Sundaralingam), two distances of every base pair (rna/pairs/base_pairs.h), and "shear", "stretch",
// "stagger", "buckle", "propeller" and "opening" of every pair with whole bases (rna/measure/base_pair_geometry.h).
inline constexpr std::string_view kPairC1Distance = "pair_C1'-C1'", kPairNitrogenDistance = "pair_N-N";

struct DistributedMeasure {
  std::string_view name;  // "C4'-C4'", "alpha", "pucker_phase", ...
  MeasureKind kind;       // pucker phase: a torsion; amplitude: an angle
};

std::span<const DistributedMeasure> distributed_measures();

// Index in distributed_measures(). Throws Error for an unknown name.
std::size_t distributed_measure(std::string_view name);

// All defined values, by measure in the order of distributed_measures(), in Å and radians; torsions in (-π, π].
using MeasuredValues = std::vector<std::vector<double>>;

MeasuredValues no_values();
// `pairs`: of these nucleotides.
void add_values(std::span<const Nucleotide> nucleotides, const PairMeasures& pairs, MeasuredValues& values);

// Pairs (eta, theta) in (-π, π] of the nucleotides that have both.
std::vector<std::array<float, 2>> eta_theta_pairs(std::span<const Nucleotide> nucleotides);

}  // namespace flashrna
