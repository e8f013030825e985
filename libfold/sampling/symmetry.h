// Rotation groups of symmetric assemblies: cyclic C2 to C12, dihedral D2 to D6, tetrahedral T, octahedral O and
// icosahedral I (without reflections, which would invert the chirality of RNA).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "rna/geometry.h"
#include "rna/pairs/dot_bracket.h"

namespace flashrna {

struct RotationGroup {
  std::string name;
  std::vector<Mat3> rotations;            // about the origin; the identity first
  std::vector<std::vector<int>> product;  // product[a][b]: index of rotations[a] * rotations[b]

  int inverse(int a) const;  // index of the inverse of rotations[a]
  int order() const { return static_cast<int>(rotations.size()); }
  bool is_cyclic() const { return name.front() == 'C'; }  // the only axis is z
};

// Axes of order n: C and D along z, with a twofold axis along x for D; T and O along z, x and y (order 2 and 4); I with
// twofold axes along z, x and y. Throws UsageError for other names.
RotationGroup rotation_group(const std::string& name);

// One copy of a structure of which `structure.copies` copies are written, in the order of the rotations and at most as
// many. A pair between copies is `partner` c L + j: residue j of copy c, as the first copy sees it. Each written pair
// stands for all its images under the group; a residue needs to be paired in one of the copies only. Errors begin with
// `source`. Throws Error if a residue gets two partners, or its own image as partner, which no canonical pair can be.
SecondaryStructureRecord unit_of_copies(const SecondaryStructureRecord& structure, const RotationGroup& group,
                                        std::string_view source);

// The partners of all copies, one after another, from those of one (unit_of_copies). Empty if `partner` is.
std::vector<int> partners_of_copies(const std::vector<int>& partner, const RotationGroup& group);

// The copies of a unit, one after another.
SampledBackbone assembly_of(const SampledBackbone& unit, const RotationGroup& group);

}  // namespace flashrna
