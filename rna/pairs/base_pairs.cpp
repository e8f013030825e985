#include "rna/pairs/base_pairs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "rna/cell_list.h"

namespace flashrna {
namespace {

constexpr double kDegrees = 180.0 / std::numbers::pi;

// Mean and standard deviation of a measure over canonical pairs.
struct Spread {
  double mean, deviation;

  double square(double value) const {
    const double z = (value - mean) / deviation;
    return z * z;
  }
};

constexpr Spread kNitrogens{8.95, 0.25};  // N-N, Å
constexpr Spread kC1Distance{10.5, 0.3};  // C1'-C1', Å
constexpr Spread kLambda{55.0, 6.0};      // degrees
constexpr Spread kTorsion{0.0, 15.0};     // N-C1'-C1'-N, degrees

// False for NaN.
bool within(double value, double lowest, double highest) { return value >= lowest && value <= highest; }

// Empty if a limit is violated.
std::optional<double> score(const Vec3& c1_i, const Vec3& n_i, const Vec3& c1_j, const Vec3& n_j,
                            const BasePairLimits& limits) {
  const double nitrogens = (n_i - n_j).norm();
  const double c1_distance = (c1_i - c1_j).norm();
  if (!within(nitrogens, limits.shortest_nitrogens, limits.longest_nitrogens) ||
      !within(c1_distance, limits.shortest_c1_distance, limits.longest_c1_distance)) {
    return std::nullopt;
  }
  const double lambda_i = kDegrees * angle(n_i, c1_i, c1_j);
  const double lambda_j = kDegrees * angle(n_j, c1_j, c1_i);
  if (!within(lambda_i, limits.smallest_lambda, limits.largest_lambda) ||
      !within(lambda_j, limits.smallest_lambda, limits.largest_lambda)) {
    return std::nullopt;
  }
  const double torsion = kDegrees * dihedral(n_i, c1_i, c1_j, n_j);
  if (!(std::abs(torsion) < limits.largest_torsion)) return std::nullopt;
  return kNitrogens.square(nitrogens) + kC1Distance.square(c1_distance) + kLambda.square(lambda_i) +
         kLambda.square(lambda_j) + kTorsion.square(torsion);
}

void check_length(const char* what, std::size_t length, std::size_t expected) {
  if (length != expected) fail("base pairs: {} {} for {} positions of C1'", length, what, expected);
}

}  // namespace

BasePairCandidates find_base_pair_candidates(std::span<const Vec3> c1, std::span<const Vec3> n,
                                             std::span<const int> molecule, const BasePairLimits& limits) {
  check_length("positions of N", n.size(), c1.size());
  if (!molecule.empty()) check_length("molecule numbers", molecule.size(), c1.size());
  // The nucleotides that have both atoms.
  std::vector<int> present;
  std::vector<Vec3> nitrogens;
  for (std::size_t i = 0; i < n.size(); ++i) {
    if (!c1[i].hasNaN() && !n[i].hasNaN()) {
      present.push_back(static_cast<int>(i));
      nitrogens.push_back(n[i]);
    }
  }

  BasePairCandidates candidates;
  const CellList cells(nitrogens, limits.longest_nitrogens);
  for (std::size_t a = 0; a < present.size(); ++a) {
    const int i = present[a];
    cells.for_each_near(a, [&](std::size_t b, double) {
      ++candidates.comparisons;
      const int j = present[b];
      if (j <= i) return;  // each pair once, and always computed in the same order
      const bool one_molecule = molecule.empty() || molecule[i] == molecule[j];
      if (one_molecule && j - i < kShortestPairSpan) return;
      if (const auto found = score(c1[i], n[i], c1[j], n[j], limits)) candidates.pairs.push_back({i, j, *found});
    });
  }
  std::ranges::sort(candidates.pairs, {}, [](const BasePairCandidate& c) { return std::tuple(c.score, c.i, c.j); });
  return candidates;
}

BasePairCandidates find_base_pair_candidates(std::span<const Nucleotide> nucleotides, const BasePairLimits& limits) {
  const Vec3 missing = Vec3::Constant(std::numeric_limits<double>::quiet_NaN());
  std::vector<Vec3> c1, n;
  std::vector<int> molecule;
  for (const Nucleotide& nucleotide : nucleotides) {
    c1.push_back(nucleotide.has(kC1) ? nucleotide.atoms[kC1] : missing);
    n.push_back(nucleotide.has(kGlycosidicNitrogen) ? nucleotide.atoms[kGlycosidicNitrogen] : missing);
    molecule.push_back(nucleotide.chain_in_structure);
  }
  return find_base_pair_candidates(c1, n, molecule, limits);
}

std::vector<int> choose_partners(std::span<const BasePairCandidate> candidates, int length) {
  std::vector<int> partner(static_cast<std::size_t>(length), -1);
  for (const auto& [i, j, _] : candidates) {
    if (i < 0 || j <= i || j >= length) fail("base pairs: candidate {}, {} among {} nucleotides", i, j, length);
    if (partner[i] >= 0 || partner[j] >= 0) continue;
    partner[i] = j;
    partner[j] = i;
  }
  return partner;
}

std::vector<int> find_base_pairs(std::span<const Vec3> c1, std::span<const Vec3> n, std::span<const int> molecule) {
  return choose_partners(find_base_pair_candidates(c1, n, molecule).pairs, static_cast<int>(c1.size()));
}

std::vector<int> find_base_pairs(std::span<const Nucleotide> nucleotides) {
  return choose_partners(find_base_pair_candidates(nucleotides).pairs, static_cast<int>(nucleotides.size()));
}

}  // namespace flashrna
