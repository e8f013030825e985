// Backbone conformers of RNA (suites): from one sugar to the next the backbone has seven torsions, and in well-resolved
// structures they fall into 46 certain and 8 proposed clusters (Richardson et al. 2008, doi:10.1261/rna.657708). What
// belongs to none is an outlier; what belongs to one has a suiteness, 1 at its center. Needs every atom from C5' of a
// nucleotide to O3' of the next.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

// δ, ε, ζ of the nucleotide before, then α, β, γ, δ of the nucleotide that the suite is named after.
inline constexpr int kSuiteAngles = 7;
using SuiteAngles = std::array<double, kSuiteAngles>;

// A dominant cluster lies so close to its satellites that they are told apart by other widths than the rest.
enum class SuiteRole { kOrdinary, kDominant, kSatellite };

struct SuiteCluster {
  std::string_view bin;   // pucker before (3: C3'-endo, 2: C2'-endo), pucker, and γ (p, t or m): "33 p"
  std::string_view name;  // two characters: "1a"
  bool certain;           // else proposed
  SuiteRole role;
  SuiteAngles degrees;  // its center
};

// By bin; 54 in all.
std::span<const SuiteCluster> suite_clusters();

inline constexpr std::string_view kSuiteOutlier = "!!";
inline constexpr std::string_view kSuiteIncomplete = "__";

struct Suite {
  std::string_view name = kSuiteIncomplete;  // of a cluster, or one of the two above
  double suiteness = 0.0;                    // in [0.01, 1]; 0 of outliers and where it is incomplete

  bool is_complete() const { return name != kSuiteIncomplete; }
  bool is_outlier() const { return name == kSuiteOutlier; }
};

// `radians`: any turn of the circle; an angle that is not finite makes the suite incomplete.
Suite classify_suite(const SuiteAngles& radians);

// Radians, in (-π, π], of the suite that ends in nucleotide `i`; NaN where an atom is missing, all of them where
// nucleotide `i - 1` is not bonded to it: residue_index jumps, or O3'-P is above 2.5 Å.
SuiteAngles suite_angles(std::span<const Nucleotide> nucleotides, std::size_t i);

// The suite that ends in each nucleotide, [L]. The first of a chain, and the first behind a broken bond, are
// incomplete.
std::vector<Suite> find_suites(std::span<const Nucleotide> nucleotides);

struct SuiteCounts {
  long complete = 0, outliers = 0, incomplete = 0;
  double sum_of_suiteness = 0.0;
  std::map<std::string_view, long> of_name;  // clusters and kSuiteOutlier

  void add(std::span<const Suite> suites);
  // Of the complete ones, outliers included; NaN where there are none.
  double mean_suiteness() const;
  double outlier_share() const;
  double share(std::string_view name) const;
};

}  // namespace flashrna
