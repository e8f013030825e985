// The atoms of a residue as a tree of rigid groups that turn about torsions: positions, and gradients with respect to
// frame and torsions from those with respect to positions.
#pragma once

#include <cstdint>

#include "kernels/lanes.h"
#include "kernels/relaxation/rotation_vector.h"

namespace flashrna {

inline constexpr std::int64_t kPose = 12;  // numbers of a pose: rotation by rows, translation
inline constexpr std::int64_t kAxis = 6;   // of a group's axis: its origin, its direction

// Group 0 is the frame. The pose of group g > 0 is that of its parent times to_parent[g] times a turn about x by
// torsion g - 1. At most 63 atoms. Tables are on the device.
template <typename T>
struct RigidGroups {
  std::int64_t atoms, groups, levels;
  const std::int64_t* parent;  // [groups]
  const std::int64_t* level;   // [groups]: 0 for the frame, one more than the parent's; below `levels`
  const std::int64_t* moved;   // [groups]: bit a is set if atom a is in the group or in one that descends from it
  const std::int64_t* group;   // [atoms]; -1 for the apex
  const T* to_parent;          // [groups, 12]
  const T* position;           // [atoms, 3] Å, in the group's frame

  // The apex, an atom with two bonds' worth of neighbors before and after its `center`: at `outward` Å along the
  // exterior bisector of the angle at the center, `up` Å along (after - center) x (before - center). -1: there is none.
  std::int64_t apex, before, center, after;
  T outward, up;

  FLASHRNA_HOST_DEVICE std::int64_t torsions() const { return groups - 1; }
};

// Position of the apex, and the gradients of its three neighbors from its own.
template <typename T>
struct Apex {
  Vector3<T> center;
  UnitVector<T> before, after, inward, normal;
  T outward, up;

  FLASHRNA_HOST_DEVICE Apex(const RigidGroups<T>& g, const T* atoms)
      : center(load3(atoms + 3 * g.center)),
        before(load3(atoms + 3 * g.before) - center),
        after(load3(atoms + 3 * g.after) - center),
        inward(before.along + after.along),
        normal(cross(after.along, before.along)),
        outward(g.outward),
        up(g.up) {}

  FLASHRNA_HOST_DEVICE Vector3<T> position() const { return center - outward * inward.along + up * normal.along; }

  FLASHRNA_HOST_DEVICE void backward(const Vector3<T>& by_apex, Vector3<T>& by_before, Vector3<T>& by_center,
                                     Vector3<T>& by_after) const {
    const Vector3<T> by_sum = inward.backward(-outward * by_apex), by_normal = normal.backward(up * by_apex);
    by_before = before.backward(by_sum + cross(by_normal, after.along));
    by_after = after.backward(by_sum + cross(before.along, by_normal));
    by_center = by_apex - by_before - by_after;
  }
};

// Poses of all groups but the frame, [groups, 12]; that of the frame is given. torsions [groups - 1, 2] (sin, cos) are
// turned by `turns` [groups - 1] radians.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void pose_groups(const Lanes& lanes, const RigidGroups<T>& g, const T* torsions, const T* turns,
                                      T* poses) {
  lanes.share(g.torsions(), [&](std::int64_t k) {
    const SineCosine turn = sine_cosine(static_cast<double>(turns[k]));
    const T sine = static_cast<T>(turn.sine), cosine = static_cast<T>(turn.cosine);
    const T s = torsions[2 * k] * cosine + torsions[2 * k + 1] * sine;
    const T c = torsions[2 * k + 1] * cosine - torsions[2 * k] * sine;
    const T* fixed = g.to_parent + kPose * (k + 1);
    T* local = poses + kPose * (k + 1);
    for (int i = 0; i < 3; ++i) {
      const T y = fixed[3 * i + 1], z = fixed[3 * i + 2];
      local[3 * i] = fixed[3 * i];
      local[3 * i + 1] = c * y + s * z;
      local[3 * i + 2] = c * z - s * y;
      local[9 + i] = fixed[9 + i];
    }
  });
  lanes.sync();
  for (std::int64_t level = 1; level < g.levels; ++level) {
    lanes.share(g.groups, [&](std::int64_t k) {
      if (g.level[k] != level) return;
      const T* parent = poses + kPose * g.parent[k];
      T* pose = poses + kPose * k;
      for (int j = 0; j < 3; ++j) {
        const Vector3<T> column = apply(parent, Vector3<T>{pose[j], pose[3 + j], pose[6 + j]});
        pose[j] = column.x, pose[3 + j] = column.y, pose[6 + j] = column.z;
      }
      store3(pose + 9, apply(parent, load3(pose + 9)) + load3(parent + 9));
    });
    lanes.sync();
  }
}

// Positions [atoms, 3] of all atoms.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void place_atoms(const Lanes& lanes, const RigidGroups<T>& g, const T* poses, T* atoms) {
  lanes.share(g.atoms, [&](std::int64_t a) {
    if (g.group[a] < 0) return;
    const T* pose = poses + kPose * g.group[a];
    store3(atoms + 3 * a, apply(pose, load3(g.position + 3 * a)) + load3(pose + 9));
  });
  lanes.sync();
  if (g.apex < 0) return;
  lanes.share(1, [&](std::int64_t) { store3(atoms + 3 * g.apex, Apex<T>(g, atoms).position()); });
  lanes.sync();
}

// Adds the gradient of the apex to those of its neighbors; by_atoms [atoms, 3].
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void share_out_apex(const Lanes& lanes, const RigidGroups<T>& g, const T* atoms, T* by_atoms) {
  if (g.apex < 0) return;
  lanes.share(1, [&](std::int64_t) {
    Vector3<T> by_before, by_center, by_after;
    Apex<T>(g, atoms).backward(load3(by_atoms + 3 * g.apex), by_before, by_center, by_after);
    store3(by_atoms + 3 * g.before, load3(by_atoms + 3 * g.before) + by_before);
    store3(by_atoms + 3 * g.center, load3(by_atoms + 3 * g.center) + by_center);
    store3(by_atoms + 3 * g.after, load3(by_atoms + 3 * g.after) + by_after);
  });
  lanes.sync();
}

// Sums over the atoms of a group and its descendants: the force, and the torque about `origin`.
template <typename T>
struct ForceAndTorque {
  Vector3<T> force{}, torque{};

  FLASHRNA_HOST_DEVICE ForceAndTorque(const RigidGroups<T>& g, std::int64_t k, const Vector3<T>& origin, const T* atoms,
                                      const T* by_atoms) {
    for (std::int64_t a = 0; a < g.atoms; ++a) {
      if ((g.moved[k] >> a & 1) == 0) continue;
      const Vector3<T> by_atom = load3(by_atoms + 3 * a);
      force = force + by_atom;
      torque = torque + cross(load3(atoms + 3 * a) - origin, by_atom);
    }
  }
};

// Gradients with respect to a shift of the frame (3), its turn (3) in the frame `rotation` turned by `turn`, and the
// torsions; `axes` [groups, 6] of the current poses. After share_out_apex.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void differentiate_moves(const Lanes& lanes, const RigidGroups<T>& g, const T* axes,
                                              const T* rotation, const Vector3<T>& turn, const T* atoms,
                                              const T* by_atoms, T* by_moves) {
  lanes.share(g.groups, [&](std::int64_t k) {
    const T* axis = axes + kAxis * k;
    const ForceAndTorque<T> sums(g, k, load3(axis), atoms, by_atoms);
    if (k > 0) {
      by_moves[5 + k] = dot(sums.torque, load3(axis + 3));
    } else {
      store3(by_moves, sums.force);
      store3(by_moves + 3, turn_gradient(turn, apply_transposed(rotation, sums.torque)));
    }
  });
  lanes.sync();
}

}  // namespace flashrna
