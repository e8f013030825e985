#include "libfold/sampling/symmetry.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <charconv>
#include <numbers>

#include "base/error.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {

namespace {

constexpr double kSameRotation = 1e-6;  // largest difference of elements; different rotations differ by 0.1 or more

Mat3 turn(double angle, const Vec3& axis) { return Eigen::AngleAxisd(angle, axis.normalized()).toRotationMatrix(); }

Mat3 axis_of_order(int order, const Vec3& axis) { return turn(2 * std::numbers::pi / order, axis); }

int index_of(const std::vector<Mat3>& rotations, const Mat3& rotation) {
  const auto same = [&](const Mat3& other) { return (other - rotation).cwiseAbs().maxCoeff() < kSameRotation; };
  const auto found = std::ranges::find_if(rotations, same);
  return found == rotations.end() ? -1 : static_cast<int>(found - rotations.begin());
}

// All products of the generators, the identity first.
std::vector<Mat3> closure(const std::vector<Mat3>& generators) {
  std::vector<Mat3> rotations = {Mat3::Identity()};
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    for (const Mat3& generator : generators) {
      const Mat3 next = generator * rotations[i];
      if (index_of(rotations, next) < 0) rotations.push_back(next);
    }
  }
  return rotations;
}

std::vector<Mat3> generators_of(const std::string& name) {
  const Vec3 x = Vec3::UnitX(), z = Vec3::UnitZ(), diagonal = Vec3(1, 1, 1);
  if (name == "T") return {axis_of_order(2, z), axis_of_order(3, diagonal)};
  if (name == "O") return {axis_of_order(4, z), axis_of_order(3, diagonal)};
  if (name == "I")
    return {axis_of_order(2, z), axis_of_order(3, diagonal), axis_of_order(5, {0, 1, std::numbers::phi})};
  int order = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), order);
  const bool is_number = name.size() > 1 && error == std::errc() && end == name.data() + name.size() && name[1] != '0';
  if (is_number && name[0] == 'C' && order >= 2 && order <= 12) return {axis_of_order(order, z)};
  if (is_number && name[0] == 'D' && order >= 2 && order <= 6) return {axis_of_order(order, z), axis_of_order(2, x)};
  fail_usage("--symmetry {}: must be C2 to C12, D2 to D6, T, O or I", name);
}

}  // namespace

RotationGroup rotation_group(const std::string& name) {
  if (name.empty()) fail_usage("--symmetry: must be C2 to C12, D2 to D6, T, O or I");
  RotationGroup group{name, closure(generators_of(name)), {}};
  for (const Mat3& a : group.rotations) {
    std::vector<int>& row = group.product.emplace_back();
    for (const Mat3& b : group.rotations) row.push_back(index_of(group.rotations, a * b));
  }
  return group;
}

int RotationGroup::inverse(int a) const {
  const std::vector<int>& row = product[static_cast<std::size_t>(a)];
  return static_cast<int>(std::ranges::find(row, 0) - row.begin());
}

SecondaryStructureRecord unit_of_copies(const SecondaryStructureRecord& structure, const RotationGroup& group,
                                        std::string_view source) {
  if (structure.copies > group.order())
    fail("{}: writes {} copies; {} has {}", source, structure.copies, group.name, group.order());
  const auto n = static_cast<int>(structure.partner.size()) / structure.copies;
  SecondaryStructureRecord unit{.name = structure.name,
                                .sequence = structure.sequence.substr(0, static_cast<std::size_t>(n)),
                                .partner = std::vector<int>(static_cast<std::size_t>(n), kUnspecified),
                                .molecule = {structure.molecule.begin(), structure.molecule.begin() + n}};
  for (std::size_t at = 0; at < structure.partner.size(); ++at) {
    const int copy = static_cast<int>(at) / n, i = static_cast<int>(at) % n, other = structure.partner[at];
    int& partner = unit.partner[static_cast<std::size_t>(i)];
    if (other < 0) {
      partner = std::max(partner, other);
      continue;
    }
    const int seen = group.product[static_cast<std::size_t>(group.inverse(copy))][static_cast<std::size_t>(other / n)];
    const int partner_here = seen * n + other % n;
    if (other % n == i)
      fail("{}: nucleotide {} pairs with its own image in another copy; equal letters form no canonical pair", source,
           i + 1);
    if (partner >= 0 && partner != partner_here)
      fail(
          "{}: nucleotide {} pairs with nucleotide {} of copy {}, and with nucleotide {} of copy {} (copies as its own "
          "sees them)",
          source, i + 1, partner % n + 1, partner / n + 1, partner_here % n + 1, seen + 1);
    partner = partner_here;
  }
  return unit;
}

std::vector<int> partners_of_copies(const std::vector<int>& partner, const RotationGroup& group) {
  const auto n = static_cast<int>(partner.size());
  std::vector<int> partners;
  for (const std::vector<int>& product : group.product)
    for (const int other : partner)
      partners.push_back(other < 0 ? other : product[static_cast<std::size_t>(other / n)] * n + other % n);
  return partners;
}

SampledBackbone assembly_of(const SampledBackbone& unit, const RotationGroup& group) {
  SampledBackbone assembly;
  assembly.polymer = unit.polymer;
  for (const Mat3& rotation : group.rotations) {
    for (const RigidTransform& frame : unit.frames)
      assembly.frames.push_back({rotation * frame.rotation, rotation * frame.translation});
    assembly.torsions.insert(assembly.torsions.end(), unit.torsions.begin(), unit.torsions.end());
    assembly.chi.insert(assembly.chi.end(), unit.chi.begin(), unit.chi.end());
    assembly.letters.insert(assembly.letters.end(), unit.letters.begin(), unit.letters.end());
  }
  return assembly;
}

}  // namespace flashrna
