// Measures of base pairs (rna/pairs) and backbone conformers (rna/measure/suites), of one structure or summed over a
// set. docs/evaluation.md defines them for users.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "rna/measure/base_pair_geometry.h"
#include "rna/measure/suites.h"
#include "rna/nucleotide.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {

inline constexpr std::array kLoopKinds = {LoopKind::kHairpin, LoopKind::kBulge, LoopKind::kInterior,
                                          LoopKind::kMultiloop, LoopKind::kExterior};

// Undefined values are empty: those of no nucleotide, no pair, no helix, no loop of a kind, or no suite.
struct PairMeasures {
  long nucleotides = 0;
  long in_helices = 0;                                    // in stems of two or more pairs
  long paired = 0;                                        // including isolated pairs
  long pseudoknotted = 0;                                 // of these, in stems that cross the nested structure
  std::vector<int> helices;                               // pairs of each stem of two or more
  std::array<std::vector<int>, kLoopKinds.size()> loops;  // unpaired nucleotides of each loop, by LoopKind
  std::vector<double> c1_distances, nitrogen_distances;   // of every pair, Å
  long canonical = 0;                      // pairs of G-C, A-U or G-U with all atoms that form their hydrogen bonds
  long hydrogen_bonded = 0;                // of these, with two hydrogen bonds or more
  std::vector<BasePairGeometry> geometry;  // of every pair whose bases have all their ring atoms
  SuiteCounts suites;

  void add(const PairMeasures& other);

  const std::vector<int>& loops_of(LoopKind kind) const { return loops[static_cast<std::size_t>(kind)]; }
  std::optional<double> helix_share() const;
  std::optional<double> median_helix() const;  // pairs
  std::optional<double> helices_per_100_nucleotides() const;
  std::optional<double> pseudoknotted_share() const;  // of the paired nucleotides
  std::optional<double> median_loop(LoopKind kind) const;
  std::optional<double> loops_per_100_nucleotides(LoopKind kind) const;
  std::optional<double> exterior_share() const;  // of all nucleotides
  std::optional<double> hydrogen_bonded_share() const;
  std::optional<double> outlier_share() const;
  std::optional<double> mean_suiteness() const;
  std::optional<double> a_form_suite_share() const;  // conformer 1a
};

// `partner`: the result of find_base_pairs(nucleotides). Nucleotides with equal chain_in_structure form a molecule.
PairMeasures measure_pairs(std::span<const Nucleotide> nucleotides, std::span<const int> partner);

}  // namespace flashrna
