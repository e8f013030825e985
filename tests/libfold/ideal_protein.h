// Protein chains of ideal geometry from phi and psi, as a dataset holds them.
#pragma once

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>
#include <vector>

#include "datasets/dataset_records.h"
#include "protein/backbone.h"
#include "rna/frame.h"

namespace flashrna {

struct BackboneAngles {
  double phi, psi;  // degrees
};

// d so that |cd| = length, b-c-d = angle and a-b-c-d = torsion (radians).
inline Vec3 extended(const Vec3& a, const Vec3& b, const Vec3& c, double length, double angle, double torsion) {
  const Vec3 along = (c - b).normalized(), normal = (b - a).cross(along).normalized(), side = normal.cross(along);
  return c + length *
                 (-std::cos(angle) * along + std::sin(angle) * (std::cos(torsion) * side + std::sin(torsion) * normal));
}

// Frames and psi of residues with trans peptide bonds of ideal lengths and angles.
inline ChainFeatures ideal_protein(const std::vector<BackboneAngles>& angles) {
  constexpr double kDegree = std::numbers::pi / 180;
  const Vec3 n0(kIdealN[0], kIdealN[1], kIdealN[2]), c0(kIdealC[0], kIdealC[1], kIdealC[2]);
  const double inner = std::acos(n0.dot(c0) / (n0.norm() * c0.norm()));  // N-CA-C
  Vec3 n = n0, ca = Vec3::Zero(), c = c0;
  ChainFeatures chain;
  chain.polymer = Polymer::kProtein;
  chain.length = static_cast<int>(angles.size());
  for (std::size_t i = 0; i < angles.size(); ++i) {
    const double psi = angles[i].psi * kDegree;
    if (i > 0) {
      const double before = angles[i - 1].psi * kDegree;
      const Vec3 next_n = extended(n, ca, c, kPeptideBond, kAngleCaCN, before);
      const Vec3 next_ca = extended(ca, c, next_n, n0.norm(), kAngleCNCa, std::numbers::pi);
      const Vec3 next_c = extended(c, next_n, next_ca, c0.norm(), inner, angles[i].phi * kDegree);
      n = next_n, ca = next_ca, c = next_c;
    }
    const RigidTransform frame = frame_from_atoms(n, ca, c);
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column)
        chain.frame_rotation.push_back(static_cast<float>(frame.rotation(row, column)));
    for (int d = 0; d < 3; ++d) chain.frame_translation.push_back(static_cast<float>(frame.translation[d]));
    chain.torsion_sin_cos.push_back(static_cast<float>(std::sin(psi)));
    chain.torsion_sin_cos.push_back(static_cast<float>(std::cos(psi)));
    chain.torsion_mask.push_back(1);
    chain.nucleotide.push_back(0);
    chain.residue_index.push_back(static_cast<int>(i));
    chain.chain_in_structure.push_back(0);
  }
  return chain;
}

inline ChainFeatures ideal_helix(int length) {
  return ideal_protein(std::vector<BackboneAngles>(static_cast<std::size_t>(length), {-57, -47}));
}

// Two helices and a turn of four residues between them.
inline ChainFeatures ideal_hairpin(int helix) {
  std::vector<BackboneAngles> angles(static_cast<std::size_t>(helix), {-57, -47});
  angles.insert(angles.end(), {{-80, 140}, {-70, 150}, {60, 30}, {-90, 130}});
  angles.insert(angles.end(), static_cast<std::size_t>(helix), {-57, -47});
  return ideal_protein(angles);
}

}  // namespace flashrna
