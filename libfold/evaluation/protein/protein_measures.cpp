#include "libfold/evaluation/protein/protein_measures.h"

#include <Eigen/Geometry>
#include <cmath>
#include <vector>

#include "base/degree.h"
#include "base/error.h"
#include "protein/backbone.h"
#include "protein/measure/local_geometry.h"
#include "rna/cell_list.h"

namespace flashrna {
namespace {

void check(std::span<const ProteinResidue> residues) {
  if (residues.empty()) fail("a structure without a residue cannot be measured");
  for (const ProteinResidue& residue : residues) {
    if (!residue.has(kCA)) fail("residue {} {} has no CA", residue.name, residue.seq_id);
    for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
      if (!residue.has(slot)) continue;
      const Vec3& atom = residue.atom(slot);
      if (!atom.allFinite() || atom.cwiseAbs().maxCoeff() > kFurthestCoordinate) {
        fail("residue {} {}: atom {} is at {} {} {} Å; coordinates up to {} Å are allowed", residue.name,
             residue.seq_id, kProteinAtomNames[static_cast<std::size_t>(slot)], atom.x(), atom.y(), atom.z(),
             kFurthestCoordinate);
      }
    }
  }
}

void count_links(std::span<const ProteinResidue> residues, ProteinMeasures& measures) {
  for (std::size_t i = 1; i < residues.size(); ++i) {
    const ProteinResidue &previous = residues[i - 1], &next = residues[i];
    if (previous.chain_in_structure != next.chain_in_structure) continue;
    ++measures.links;
    measures.breaks += next.residue_index != previous.residue_index + 1;
    const double distance = (next.atom(kCA) - previous.atom(kCA)).norm();
    measures.ca_near += distance >= 3.6 && distance <= 4.0;
    measures.ca_deviation_sum += std::abs(distance - kCaCaDistance);
    if (!previous.has(kC) || !next.has(kN)) continue;
    const double bond = (next.atom(kN) - previous.atom(kC)).norm();
    ++measures.c_n_links;
    measures.c_n_near += bond >= 1.2 && bond <= 1.5;
  }
}

void count_centers(std::span<const ProteinResidue> residues, ProteinMeasures& measures) {
  for (const ProteinResidue& residue : residues) {
    if (!residue.has(kN) || !residue.has(kC) || !residue.has(kCB)) continue;
    const Vec3 n = residue.atom(kN) - residue.atom(kCA), c = residue.atom(kC) - residue.atom(kCA),
               cb = residue.atom(kCB) - residue.atom(kCA);
    ++measures.centers;
    measures.inverted += n.cross(c).dot(cb) < 0.0;
  }
}

void count_regions(std::span<const ProteinResidue> residues, ProteinMeasures& measures) {
  for (const auto& [phi_radians, psi_radians] : phi_psi_pairs(residues)) {
    const double phi = static_cast<double>(phi_radians) / kDegree, psi = static_cast<double>(psi_radians) / kDegree;
    ++measures.torsions;
    measures.alpha += phi >= -100.0 && phi <= -30.0 && psi >= -80.0 && psi <= 0.0;
    measures.beta += phi <= -45.0 && (psi >= 90.0 || psi <= -150.0);
  }
}

}  // namespace

double ProteinMeasures::defects_per_100_residues() const {
  return 100.0 * static_cast<double>(breaks + clashes.pairs + inverted) / residues;
}

ProteinMeasures measure_protein(std::span<const ProteinResidue> residues) {
  check(residues);
  ProteinMeasures measures;
  measures.residues = static_cast<int>(residues.size());
  count_links(residues, measures);
  std::vector<Vec3> ca;
  for (const ProteinResidue& residue : residues) ca.push_back(residue.atom(kCA));
  measures.radius_of_gyration = radius_of_gyration(ca);
  measures.clashes = find_clashes(residues);
  count_centers(residues, measures);
  count_regions(residues, measures);
  return measures;
}

}  // namespace flashrna
