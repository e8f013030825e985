#include "libfold/backbone/backbone_atoms.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "libfold/device_constants.h"

namespace flashrna {
namespace {

using at::Tensor;

RigidTransform rigid(const std::array<float, 9>& rows, const std::array<float, 3>& translation) {
  RigidTransform transform;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) transform.rotation(i, j) = rows[3 * i + j];
    transform.translation[i] = translation[i];
  }
  return transform;
}

// The pose of a group relative to its parent is linear in (1, cos, sin) of its torsion: [4, 8, 4] each, rows and
// columns of homogeneous matrices first and last.
struct GroupPoses {
  Tensor fixed, by_cos, by_sin;
};

GroupPoses make_group_poses(const BackboneGeometry& geometry, const at::TensorOptions& options) {
  Tensor fixed = at::zeros({4, kTorsions, 4}, at::kDouble), by_cos = fixed.clone(), by_sin = fixed.clone();
  auto fixed_at = fixed.accessor<double, 3>(), cos_at = by_cos.accessor<double, 3>(),
       sin_at = by_sin.accessor<double, 3>();
  for (int k = 0; k < kTorsions; ++k) {
    const RigidTransform& to_parent = geometry.to_parent[k + 1];
    for (int i = 0; i < 3; ++i) {
      fixed_at[i][k][0] = to_parent.rotation(i, 0);
      fixed_at[i][k][3] = to_parent.translation[i];
      cos_at[i][k][1] = to_parent.rotation(i, 1);
      sin_at[i][k][2] = -to_parent.rotation(i, 1);
      cos_at[i][k][2] = sin_at[i][k][1] = to_parent.rotation(i, 2);
    }
    fixed_at[3][k][3] = 1;
  }
  return {fixed.to(options), by_cos.to(options), by_sin.to(options)};
}

// torsions [..., 8, 2] -> poses of the groups relative to their parents, [..., 4, 8, 4].
Tensor group_poses(const Tensor& torsions, const BackboneGeometry& geometry) {
  static DeviceConstants<const BackboneGeometry*, GroupPoses> constants;
  const GroupPoses& poses = constants.get(
      &geometry, torsions, [&](const at::TensorOptions& options) { return make_group_poses(geometry, options); });
  const auto value = [&](int64_t which) { return torsions.select(-1, which).unsqueeze(-1).unsqueeze(-3); };
  return poses.fixed + value(1) * poses.by_cos + value(0) * poses.by_sin;
}

using Groups = std::array<bool, kRigidGroups>;

// The groups that place `slots`, and their ancestors. O2' is placed from C1', C2' and C3'.
Groups needed_groups(const std::vector<int>& slots, const BackboneGeometry& geometry) {
  Groups needed{};
  const auto need = [&](int slot) {
    for (int g = geometry.group[slot]; g >= 0; g = geometry.parent[g]) needed[g] = true;
  };
  for (const int slot : slots) {
    if (slot != kO2) {
      need(slot);
    } else {
      for (const int neighbor : {kC1, kC2, kC3}) need(neighbor);
    }
  }
  return needed;
}

Tensor unit(const Tensor& v) { return v / v.square().sum(-1, /*keepdim=*/true).sqrt(); }

// The same as place_o2 of rna/backbone.h; [..., 3] each.
Tensor place_o2(const Tensor& c1, const Tensor& c2, const Tensor& c3) {
  const Tensor to_c1 = unit(c1 - c2), to_c3 = unit(c3 - c2);
  const Tensor outward = -unit(to_c1 + to_c3), up = unit(at::linalg_cross(to_c3, to_c1));
  return c2 + kO2BondLength * (std::cos(kO2Elevation) * outward + std::sin(kO2Elevation) * up);
}

// Poses [..., 3, 4] of the needed groups, side by side: [..., 3, 4 groups].
Tensor poses_of(const Groups& needed, const Tensor& rotations, const Tensor& translations, const Tensor& torsions,
                const BackboneGeometry& geometry) {
  std::array<Tensor, kRigidGroups> pose;
  pose[0] = at::cat({rotations, translations.unsqueeze(-1)}, -1);
  Tensor local;                                            // [..., 4, 8, 4]
  for (int parent = 0; parent < kRigidGroups; ++parent) {  // a parent comes before its groups
    int first = kRigidGroups, last = 0;
    for (int g = 1; g < kRigidGroups; ++g) {
      if (needed[g] && geometry.parent[g] == parent) first = std::min(first, g), last = g;
    }
    if (last == 0) continue;
    if (!local.defined()) local = group_poses(torsions, geometry);
    // One product for all groups of the parent; groups of others between them are not used.
    const Tensor product = at::matmul(pose[parent], local.narrow(-2, first - 1, last - first + 1).flatten(-2));
    for (int g = first; g <= last; ++g) {
      if (needed[g] && geometry.parent[g] == parent) pose[g] = product.narrow(-1, 4 * (g - first), 4);
    }
  }
  std::vector<Tensor> parts;
  for (int g = 0; g < kRigidGroups; ++g) {
    if (needed[g]) parts.push_back(pose[g]);
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, -1);
}

// What multiplies the poses of the groups that `slots` need: [4 groups, slots].
const Tensor& positions_of(const std::vector<int>& slots, const Groups& needed, const BackboneGeometry& geometry,
                           const Tensor& like) {
  static DeviceConstants<std::pair<const BackboneGeometry*, std::vector<int>>, Tensor> constants;
  return constants.get({&geometry, slots}, like, [&](const at::TensorOptions& options) {
    std::array<int, kRigidGroups> place{};
    int count = 0;
    for (int g = 0; g < kRigidGroups; ++g) {
      if (needed[g]) place[g] = 4 * count++;
    }
    Tensor positions = at::zeros({4 * count, static_cast<int64_t>(slots.size())}, at::kDouble);
    auto at = positions.accessor<double, 2>();
    for (std::size_t n = 0; n < slots.size(); ++n) {
      const int row = place[geometry.group[slots[n]]];
      for (int d = 0; d < 3; ++d) at[row + d][n] = geometry.position[slots[n]][d];
      at[row + 3][n] = 1;
    }
    return positions.to(options);
  });
}

}  // namespace

const BackboneGeometry& deoxyadenosine_geometry() {
  static const BackboneGeometry geometry = [] {
    BackboneGeometry da;
    da.parent = ideal_backbone_geometry().parent;
    da.group = ideal_backbone_geometry().group;
    // Float32 values from tests/data/golden/geometry.h5, constants/default_frames, row 0.
    da.to_parent[1] = da.to_parent[4] = rigid({-0.24824956f, -0.49159983f, -0.83468664f,  //
                                               0.9686961f, -0.12598321f, -0.21390669f,    //
                                               0.0f, -0.86165994f, 0.5074861f},
                                              {-0.378f, 1.475f, 0.0f});
    da.to_parent[2] = rigid({1, 0, 0, 0, 1, 0, 0, 0, 1}, {1.45f, 0.0f, 0.0f});
    da.to_parent[3] = rigid({0.33626935f, -0.94176584f, 0.0f,  //
                             0.94176584f, 0.33626935f, 0.0f,   //
                             0.0f, 0.0f, 1.0f},
                            {0.4765f, 1.3345f, 0.0f});
    da.to_parent[5] = rigid({-0.33634707f, -0.43608359f, 0.83468664f,  //
                             -0.5316657f, 0.8194971f, 0.21390669f,     //
                             -0.7773045f, -0.37182733f, -0.5074861f},
                            {-0.508f, -0.803f, -1.174f});
    da.to_parent[6] = rigid({0.3579462f, -0.9337422f, 0.0f,  //
                             0.9337422f, 0.3579462f, 0.0f,   //
                             0.0f, 0.0f, 1.0f},
                            {0.511f, 1.333f, 0.0f});
    da.to_parent[7] = da.to_parent[8] = rigid({0.51301754f, -0.8583781f, 0.0f,  //
                                               0.8583781f, 0.51301754f, 0.0f,   //
                                               0.0f, 0.0f, 1.0f},
                                              {0.817f, 1.367f, 0.0f});
    const auto put = [&](int slot, float x, float y, float z) { da.position[slot] = Vec3(x, y, z); };
    put(kP, 0.817f, 1.367f, 0.0f);
    put(kOP1, 0.47f, 1.407f, 0.0f);
    put(kOP2, 0.464f, 1.409f, 0.0f);
    put(kO5, 0.511f, 1.333f, 0.0f);
    put(kC5, -0.508f, -0.803f, -1.174f);
    put(kC4, 0.000001f, 0.0f, 0.0f);
    put(kO4, 1.45f, 0.0f, 0.0f);
    put(kC3, -0.378f, 1.475f, 0.0f);
    put(kO3, 0.524f, 1.321f, 0.0f);
    put(kC2, 0.4258f, 1.4607f, 0.0f);
    put(kO2, 0.0f, 0.0f, 0.0f);
    put(kC1, 0.4765f, 1.3345f, 0.0f);
    put(kGlycosidicNitrogen, 0.455f, 1.4004f, 0.0f);
    return da;
  }();
  return geometry;
}

Tensor backbone_atoms(const Tensor& rotations, const Tensor& translations, const Tensor& torsions,
                      const std::vector<int>& slots, const BackboneGeometry& geometry) {
  Groups needed = needed_groups(slots, geometry);
  needed[0] = true;
  std::vector<int> placed;  // by the groups
  const auto index_of = [&](int slot) {
    const auto found = std::ranges::find(placed, slot);
    if (found == placed.end()) return placed.push_back(slot), std::ssize(placed) - 1;
    return found - placed.begin();
  };
  for (const int slot : slots)
    if (slot != kO2) index_of(slot);
  const bool with_o2 = std::ranges::find(slots, kO2) != slots.end();
  if (with_o2)
    for (const int neighbor : {kC1, kC2, kC3}) index_of(neighbor);
  const Tensor poses = poses_of(needed, rotations, translations, torsions, geometry);
  const Tensor atoms =
      at::matmul(poses, positions_of(placed, needed, geometry, rotations)).transpose(-1, -2);  // [..., placed, 3]
  if (placed == slots) return atoms.contiguous();
  std::vector<Tensor> chosen;
  for (const int slot : slots) {
    const auto atom = [&](int of) { return atoms.select(-2, index_of(of)); };
    chosen.push_back(slot == kO2 ? place_o2(atom(kC1), atom(kC2), atom(kC3)) : atom(slot));
  }
  return at::stack(chosen, -2);
}

Tensor backbone_atom_mask(const Tensor& torsion_mask, const std::vector<int>& slots, const BackboneGeometry& geometry) {
  const Tensor undefined = torsion_mask.logical_not().to(at::kFloat);
  static DeviceConstants<std::pair<const BackboneGeometry*, std::vector<int>>, Tensor> constants;
  const Tensor& required = constants.get({&geometry, slots}, undefined, [&](const at::TensorOptions& options) {
    Tensor uses = at::zeros({kTorsions, std::ssize(slots)}, at::kFloat);  // 1 where an atom depends on a torsion
    for (std::size_t n = 0; n < slots.size(); ++n) {
      const Groups needed = needed_groups({slots[n]}, geometry);
      for (int g = 1; g < kRigidGroups; ++g) uses.accessor<float, 2>()[g - 1][static_cast<int64_t>(n)] = needed[g];
    }
    return uses.to(options);
  });
  return at::matmul(undefined, required) == 0;  // the number of undefined torsions of each atom, exact in any precision
}

}  // namespace flashrna
