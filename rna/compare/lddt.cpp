#include "rna/compare/lddt.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "rna/cell_list.h"

namespace flashrna {
namespace {

constexpr double kInclusionRadius = 15.0;  // Å

// Share of the four thresholds that exceed a difference of distances (Å).
double kept(double difference) {
  return 0.25 * ((difference < 0.5) + (difference < 1.0) + (difference < 2.0) + (difference < 4.0));
}

}  // namespace

Lddt lddt(std::span<const Nucleotide> model, std::span<const Nucleotide> reference) {
  if (model.size() != reference.size()) {
    fail("lDDT of {} residues to {}: model and reference must have the same residues", model.size(), reference.size());
  }
  std::vector<Vec3> positions;
  std::vector<std::pair<std::size_t, int>> atoms;  // residue and slot
  for (std::size_t i = 0; i < reference.size(); ++i) {
    for (int slot = 0; slot < kBackboneAtoms; ++slot) {
      if (!reference[i].has(slot)) continue;
      positions.push_back(reference[i].atoms[slot]);
      atoms.emplace_back(i, slot);
    }
  }
  const CellList cells(positions, kInclusionRadius);
  std::vector<double> kept_by_residue(reference.size()), pairs_by_residue(reference.size());
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const auto [residue, slot] = atoms[i];
    const bool is_there = model[residue].has(slot);
    cells.for_each_near(i, [&, residue = residue, slot = slot](std::size_t j, double square) {
      const auto& [other_residue, other_slot] = atoms[j];
      if (other_residue == residue) return;
      pairs_by_residue[residue] += 1.0;
      if (!is_there || !model[other_residue].has(other_slot)) return;
      const double distance = (model[residue].atoms[slot] - model[other_residue].atoms[other_slot]).norm();
      kept_by_residue[residue] += kept(std::abs(distance - std::sqrt(square)));
    });
  }
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  Lddt result;
  double kept_pairs = 0.0, pairs = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    result.by_residue.push_back(pairs_by_residue[i] > 0.0 ? kept_by_residue[i] / pairs_by_residue[i] : kUndefined);
    kept_pairs += kept_by_residue[i];
    pairs += pairs_by_residue[i];
  }
  result.value = pairs > 0.0 ? kept_pairs / pairs : kUndefined;
  return result;
}

}  // namespace flashrna
