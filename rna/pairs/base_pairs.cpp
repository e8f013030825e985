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

// Limits of a measure, and where canonical pairs lie in them.
struct Range {
  double lowest, highest, mean, deviation;

  // False for NaN.
  bool holds(double value) const { return value >= lowest && value <= highest; }
  double square(double value) const {
    const double z = (value - mean) / deviation;
    return z * z;
  }
};

constexpr Range kNitrogens{8.2, 9.8, 8.95, 0.25};    // N-N, Å
constexpr Range kC1Distance{9.6, 11.4, 10.5, 0.3};   // C1'-C1', Å
constexpr Range kLambda{42.0, 72.0, 55.0, 6.0};      // degrees
constexpr Range kPropeller{-45.0, 45.0, 0.0, 15.0};  // torsion N-C1'-C1'-N, degrees; the limits themselves are out

// Empty where a limit is not kept.
std::optional<double> score(const Vec3& c1_i, const Vec3& n_i, const Vec3& c1_j, const Vec3& n_j) {
  const double nitrogens = (n_i - n_j).norm();
  const double c1_distance = (c1_i - c1_j).norm();
  if (!kNitrogens.holds(nitrogens) || !kC1Distance.holds(c1_distance)) return std::nullopt;
  const double lambda_i = kDegrees * angle(n_i, c1_i, c1_j);
  const double lambda_j = kDegrees * angle(n_j, c1_j, c1_i);
  if (!kLambda.holds(lambda_i) || !kLambda.holds(lambda_j)) return std::nullopt;
  const double torsion = kDegrees * dihedral(n_i, c1_i, c1_j, n_j);
  if (!(std::abs(torsion) < kPropeller.highest)) return std::nullopt;
  return kNitrogens.square(nitrogens) + kC1Distance.square(c1_distance) + kLambda.square(lambda_i) +
         kLambda.square(lambda_j) + kPropeller.square(torsion);
}

void check_length(const char* what, std::size_t length, std::size_t expected) {
  if (length != expected) fail("base pairs: {} {} for {} positions of C1'", length, what, expected);
}

}  // namespace

BasePairCandidates find_base_pair_candidates(std::span<const Vec3> c1, std::span<const Vec3> n,
                                             std::span<const int> molecule) {
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
  const CellList cells(nitrogens, kNitrogens.highest);
  for (std::size_t a = 0; a < present.size(); ++a) {
    const int i = present[a];
    cells.for_each_near(a, [&](std::size_t b, double) {
      ++candidates.comparisons;
      const int j = present[b];
      if (j <= i) return;  // each pair once, and always computed in the same order
      const bool one_molecule = molecule.empty() || molecule[i] == molecule[j];
      if (one_molecule && j - i < kShortestPairSpan) return;
      if (const auto found = score(c1[i], n[i], c1[j], n[j])) candidates.pairs.push_back({i, j, *found});
    });
  }
  std::ranges::sort(candidates.pairs, {}, [](const BasePairCandidate& c) { return std::tuple(c.score, c.i, c.j); });
  return candidates;
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
  const Vec3 missing = Vec3::Constant(std::numeric_limits<double>::quiet_NaN());
  std::vector<Vec3> c1, n;
  std::vector<int> molecule;
  for (const Nucleotide& nucleotide : nucleotides) {
    c1.push_back(nucleotide.has(kC1) ? nucleotide.atoms[kC1] : missing);
    n.push_back(nucleotide.has(kGlycosidicNitrogen) ? nucleotide.atoms[kGlycosidicNitrogen] : missing);
    molecule.push_back(nucleotide.chain_in_structure);
  }
  return find_base_pairs(c1, n, molecule);
}

}  // namespace flashrna
