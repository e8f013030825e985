#include "rna/backbone.h"

#include <Eigen/Geometry>
#include <cmath>

#include "rna/frame.h"

namespace flashrna {
namespace {

// Means over A, C, G and U of the published ideal positions (tests/data/golden/geometry.h5, constants/atom23_positions,
// rows 4 to 7, which differ by at most 0.006 Å), each in the frame of its group. C4' is the origin. C2' is not: the
// published C4'-C3'-C2' is 106.3 degrees, which leaves C1'-C2' at 1.61 Å in riboses of X-ray structures (1.53 Å). Here
// it is 102.7 degrees, C2'-C3' 1.525 Å (Gelbin et al. 1996, doi:10.1021/ja9528846).
const Vec3 kIdealC3(-0.37425, 1.47525, 0.0);
const Vec3 kIdealO4(1.4505, 0.0, 0.0);
const Vec3 kIdealC5(-0.513, -0.806, -1.17125);
const Vec3 kIdealC2(0.3353, 1.4877, 0.0);
const Vec3 kIdealC1(0.4765, 1.3345, 0.0);
const Vec3 kIdealN(0.455, 1.4004, 0.0);
const Vec3 kIdealO3(0.52575, 1.321, 0.0);
const Vec3 kIdealO5(0.514, 1.332, 0.0);
const Vec3 kIdealP(0.81725, 1.3655, 0.0);
const Vec3 kIdealOP1(0.46825, 1.407, 0.0);
const Vec3 kIdealOP2(0.46575, 1.40825, 0.0);

RigidTransform compose(const RigidTransform& outer, const RigidTransform& inner) {
  return {outer.rotation * inner.rotation, outer * inner.translation};
}

// Frame of the torsion a-b-c-d at angle zero: origin c, x along b->c, `a` in the xy-plane with y > 0.
RigidTransform torsion_frame(const Vec3& a, const Vec3& b, const Vec3& c) {
  const Vec3 x = (c - b).normalized();
  const Vec3 to_a = a - b;
  const Vec3 y = (to_a - x * x.dot(to_a)).normalized();
  RigidTransform frame;
  frame.rotation << x, y, x.cross(y);
  frame.translation = c;
  return frame;
}

BackboneGeometry make_ideal_geometry() {
  const Vec3 origin = Vec3::Zero();
  // The atom bonded to a group's origin on the parent's side lies on the negative x axis at the bond's length.
  const auto before = [](double bond_length) { return Vec3(-bond_length, 0.0, 0.0); };

  BackboneGeometry ideal;
  ideal.parent = {-1, 0, 0, 2, 0, 0, 5, 6, 6};
  ideal.to_parent[1] = torsion_frame(kIdealC5, origin, kIdealC3);                 // C5'-C4'-C3'-C2'
  ideal.to_parent[2] = torsion_frame(kIdealC3, origin, kIdealO4);                 // C3'-C4'-O4'-C1'
  ideal.to_parent[3] = torsion_frame(before(kIdealO4.norm()), origin, kIdealC1);  // C4'-O4'-C1'-N
  ideal.to_parent[4] = ideal.to_parent[1];                                        // C5'-C4'-C3'-O3'
  ideal.to_parent[5] = torsion_frame(kIdealC3, origin, kIdealC5);                 // C3'-C4'-C5'-O5'
  ideal.to_parent[6] = torsion_frame(before(kIdealC5.norm()), origin, kIdealO5);  // C4'-C5'-O5'-P
  ideal.to_parent[7] = torsion_frame(before(kIdealO5.norm()), origin, kIdealP);   // C5'-O5'-P-OP1
  ideal.to_parent[8] = ideal.to_parent[7];                                        // C5'-O5'-P-OP2

  const auto put = [&](int slot, int group, const Vec3& position) {
    ideal.group[slot] = group;
    ideal.position[slot] = position;
  };
  put(kP, 6, kIdealP);
  put(kOP1, 7, kIdealOP1);
  put(kOP2, 8, kIdealOP2);
  put(kO5, 5, kIdealO5);
  put(kC5, 0, kIdealC5);
  put(kC4, 0, origin);
  put(kO4, 0, kIdealO4);
  put(kC3, 0, kIdealC3);
  put(kO3, 4, kIdealO3);
  put(kC2, 1, kIdealC2);
  put(kO2, -1, origin);
  put(kC1, 2, kIdealC1);
  put(kGlycosidicNitrogen, 3, kIdealN);
  return ideal;
}

}  // namespace

const BackboneGeometry& ideal_backbone_geometry() {
  static const BackboneGeometry geometry = make_ideal_geometry();
  return geometry;
}

Vec3 place_o2(const Vec3& c1, const Vec3& c2, const Vec3& c3) {
  const Vec3 to_c1 = (c1 - c2).normalized();
  const Vec3 to_c3 = (c3 - c2).normalized();
  const Vec3 outward = -(to_c1 + to_c3).normalized();
  const Vec3 up = to_c3.cross(to_c1).normalized();
  return c2 + kO2BondLength * (std::cos(kO2Elevation) * outward + std::sin(kO2Elevation) * up);
}

std::array<Vec3, kBackboneAtoms> rebuild_backbone(const RigidTransform& frame,
                                                  const std::array<std::array<double, 2>, kTorsions>& sin_cos,
                                                  const BackboneGeometry& geometry) {
  std::array<RigidTransform, kRigidGroups> poses;
  poses[0] = frame;
  for (int g = 1; g < kRigidGroups; ++g) {
    const auto& [sin, cos] = sin_cos[g - 1];
    RigidTransform turn;
    turn.rotation << 1, 0, 0, 0, cos, -sin, 0, sin, cos;
    poses[g] = compose(poses[geometry.parent[g]], compose(geometry.to_parent[g], turn));
  }
  std::array<Vec3, kBackboneAtoms> atoms;
  for (int slot = 0; slot < kBackboneAtoms; ++slot) {
    if (slot != kO2) atoms[slot] = poses[geometry.group[slot]] * geometry.position[slot];
  }
  atoms[kO2] = place_o2(atoms[kC1], atoms[kC2], atoms[kC3]);
  return atoms;
}

Nucleotide rebuild_nucleotide(const Nucleotide& nucleotide) {
  const BackboneGeometry& geometry = ideal_backbone_geometry();
  const Torsions torsions = torsions_of(nucleotide);
  const auto atoms = rebuild_backbone(frame_of(nucleotide), torsions.sin_cos, geometry);
  Nucleotide rebuilt = nucleotide;
  rebuilt.atom_mask = 0;
  rebuilt.atoms.fill(Vec3::Zero());
  for (int slot = 0; slot < kBackboneAtoms; ++slot) {
    bool placed = slot != kO2;
    for (int g = placed ? geometry.group[slot] : 0; g > 0; g = geometry.parent[g]) {
      placed = placed && (torsions.mask >> (g - 1) & 1u) != 0;
    }
    if (placed) rebuilt.set(slot, atoms[slot]);
  }
  if (rebuilt.has(kC1) && rebuilt.has(kC2)) rebuilt.set(kO2, atoms[kO2]);
  return rebuilt;
}

}  // namespace flashrna
