// Measures of one protein alone. docs/evaluation.md defines them for users.
#pragma once

#include <span>

#include "protein/measure/clashes.h"
#include "protein/residue.h"

namespace flashrna {

struct ProteinMeasures {
  int residues = 0;
  int links = 0;                    // pairs of successive residues of one chain
  int breaks = 0;                   // links without a bond: residue_index rises by more than 1
  int ca_near = 0;                  // links with CA-CA in 3.6 to 4.0 Å, including broken links
  double ca_deviation_sum = 0.0;    // Å, sum over the links of |CA-CA - 3.80 Å|, including broken links
  int c_n_links = 0;                // links whose C and N are present, including broken links
  int c_n_near = 0;                 // of these, with C-N in 1.2 to 1.5 Å
  double radius_of_gyration = 0.0;  // Å, of CA
  ProteinClashes clashes;
  int centers = 0;   // CA with N, C and CB
  int inverted = 0;  // of these, those of D-amino acids
  int torsions = 0;  // residues with phi and psi
  int alpha = 0;     // of these, with phi in -100 to -30° and psi in -80 to 0°
  int beta = 0;      // of these, with phi in -180 to -45° and psi in 90 to 180° or -180 to -150°

  // Breaks, clashes and inverted centers per 100 residues. Orders samples.
  double defects_per_100_residues() const;
};

// Throws Error if there is no residue, if one lacks CA, or if a coordinate is not finite or beyond 1e6 Å. Time and
// memory are linear in the length.
ProteinMeasures measure_protein(std::span<const ProteinResidue> residues);

}  // namespace flashrna
