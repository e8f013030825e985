#include "libfold/backbone/backbone_atoms.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <tuple>

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

// Constant tensors of a geometry on a device, copied once, because each copy synchronizes the host.
struct GeometryTensors {
  Tensor fixed, by_cos, by_sin;  // [8, 3, 3]: the rotation of a group is linear in (1, cos, sin)
  Tensor translations;           // [groups, 3], relative to their parents
  Tensor positions;              // [slots, 3], relative to their groups
};

GeometryTensors make_geometry_tensors(const BackboneGeometry& geometry, const at::TensorOptions& options) {
  Tensor fixed = at::zeros({kTorsions, 3, 3}, at::kDouble), by_cos = fixed.clone(), by_sin = fixed.clone();
  Tensor translations = at::zeros({kRigidGroups, 3}, at::kDouble),
         positions = at::zeros({kBackboneAtoms, 3}, at::kDouble);
  auto fixed_at = fixed.accessor<double, 3>(), cos_at = by_cos.accessor<double, 3>(),
       sin_at = by_sin.accessor<double, 3>();
  for (int k = 0; k < kTorsions; ++k) {
    const Mat3& to_parent = geometry.to_parent[k + 1].rotation;
    for (int i = 0; i < 3; ++i) {
      fixed_at[k][i][0] = to_parent(i, 0);
      cos_at[k][i][1] = to_parent(i, 1);
      sin_at[k][i][2] = -to_parent(i, 1);
      cos_at[k][i][2] = sin_at[k][i][1] = to_parent(i, 2);
    }
  }
  for (int d = 0; d < 3; ++d) {
    for (int g = 1; g < kRigidGroups; ++g)
      translations.accessor<double, 2>()[g][d] = geometry.to_parent[g].translation[d];
    for (int slot = 0; slot < kBackboneAtoms; ++slot)
      positions.accessor<double, 2>()[slot][d] = geometry.position[slot][d];
  }
  return {fixed.to(options), by_cos.to(options), by_sin.to(options), translations.to(options), positions.to(options)};
}

const GeometryTensors& geometry_tensors(const BackboneGeometry& geometry, const Tensor& like) {
  static std::mutex mutex;
  static auto* made = new std::map<std::tuple<const void*, int, int, int>, GeometryTensors>;
  const std::lock_guard lock(mutex);
  const std::tuple key{static_cast<const void*>(&geometry), static_cast<int>(like.device().type()),
                       static_cast<int>(like.device().index()), static_cast<int>(like.scalar_type())};
  const auto found = made->find(key);
  if (found != made->end()) return found->second;
  return made->emplace(key, make_geometry_tensors(geometry, like.options().requires_grad(false))).first->second;
}

// [..., 8, 2] -> [..., 8, 3, 3], rotations of the torsion groups relative to their parents.
Tensor group_rotations(const Tensor& torsions, const GeometryTensors& constants) {
  const Tensor sin = torsions.select(-1, 0).unsqueeze(-1).unsqueeze(-1),
               cos = torsions.select(-1, 1).unsqueeze(-1).unsqueeze(-1);
  return constants.fixed + cos * constants.by_cos + sin * constants.by_sin;
}

// The groups that place `slots`, and their ancestors. O2' is placed from C1', C2' and C3'.
std::array<bool, kRigidGroups> needed_groups(const std::vector<int>& slots, const BackboneGeometry& geometry) {
  std::array<bool, kRigidGroups> needed{};
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
  const auto needed = needed_groups(slots, geometry);
  const GeometryTensors& constants = geometry_tensors(geometry, rotations);
  std::array<Tensor, kRigidGroups> group_rotation, group_translation;
  group_rotation[0] = rotations;
  group_translation[0] = translations;
  Tensor local;  // [..., 8, 3, 3]
  for (int g = 1; g < kRigidGroups; ++g) {
    if (!needed[g]) continue;
    if (!local.defined()) local = group_rotations(torsions, constants);
    const Tensor& parent = group_rotation[geometry.parent[g]];
    group_rotation[g] = at::matmul(parent, local.select(-3, g - 1));
    group_translation[g] = at::matmul(parent, constants.translations[g]) + group_translation[geometry.parent[g]];
  }

  const auto placed = [&](int slot) {
    const int g = geometry.group[slot];
    return at::matmul(group_rotation[g], constants.positions[slot]) + group_translation[g];
  };
  std::vector<Tensor> atoms;
  for (const int slot : slots)
    atoms.push_back(slot == kO2 ? place_o2(placed(kC1), placed(kC2), placed(kC3)) : placed(slot));
  return at::stack(atoms, -2);
}

Tensor backbone_atom_mask(const Tensor& torsion_mask, const std::vector<int>& slots, const BackboneGeometry& geometry) {
  std::vector<Tensor> defined;
  for (const int slot : slots) {
    const auto needed = needed_groups({slot}, geometry);
    Tensor all = at::ones_like(torsion_mask.select(-1, 0));
    for (int g = 1; g < kRigidGroups; ++g) {
      if (needed[g]) all = all & torsion_mask.select(-1, g - 1);
    }
    defined.push_back(all);
  }
  return at::stack(defined, -1);
}

}  // namespace flashrna
