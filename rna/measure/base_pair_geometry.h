// How two bases lie relative to each other: the six base-pair parameters of the Tsukuba workshop (Olson et al. 2001,
// doi:10.1006/jmbi.2001.4987), computed as 3DNA does (Lu & Olson 2003, doi:10.1093/nar/gkg680; after El Hassan &
// Calladine 1995, doi:10.1006/jmbi.1995.0430). To find pairs see rna/pairs.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

// Of the first base relative to the second: displacements along, and rotations about, the axes x (shear, buckle), y
// (stretch, propeller) and z (stagger, opening) of the pair's mean frame. All are zero for an ideal Watson-Crick pair.
// With the two bases exchanged, shear and buckle change their signs and the others stay.
struct BasePairGeometry {
  double shear = 0, stretch = 0, stagger = 0;     // Å
  double buckle = 0, propeller = 0, opening = 0;  // radians, in (-π, π]
};

// From the standard reference frames of the two bases (base_frame in rna/ideal_bases.h).
BasePairGeometry base_pair_geometry(const RigidTransform& first, const RigidTransform& second);

// Empty if one of the bases has no frame.
std::optional<BasePairGeometry> base_pair_geometry(const Nucleotide& first, const Nucleotide& second);

// Of every pair (i, partner[i]) with i < partner[i] whose bases have frames, in the order of i. Throws Error if the
// spans differ in length.
std::vector<BasePairGeometry> base_pair_geometries(std::span<const Nucleotide> nucleotides,
                                                   std::span<const int> partner);

}  // namespace flashrna
