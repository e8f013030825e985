// Rotation groups of symmetric assemblies: cyclic C2 to C12, dihedral D2 to D6, tetrahedral T, octahedral O and
// icosahedral I (without reflections, which would invert the chirality of RNA).
#pragma once

#include <string>
#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "rna/geometry.h"

namespace flashrna {

struct RotationGroup {
  std::string name;
  std::vector<Mat3> rotations;            // about the origin; the identity first
  std::vector<std::vector<int>> product;  // product[a][b]: index of rotations[a] * rotations[b]

  int order() const { return static_cast<int>(rotations.size()); }
  bool is_cyclic() const { return name.front() == 'C'; }  // the only axis is z
};

// Axes of order n: C and D along z, with a twofold axis along x for D; T and O along z, x and y (order 2 and 4); I with
// twofold axes along z, x and y. Throws UsageError for other names.
RotationGroup rotation_group(const std::string& name);

// The copies of a unit, one after another.
SampledBackbone assembly_of(const SampledBackbone& unit, const RotationGroup& group);

}  // namespace flashrna
