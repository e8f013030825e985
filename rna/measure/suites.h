// Backbone conformers of RNA (suites). The backbone between two sugars has seven torsions; in well-resolved structures
// they form 46 certain and 8 proposed clusters (Richardson et al. 2008, doi:10.1261/rna.657708). A suite outside all
// clusters is an outlier; others have a suiteness, which is 1 at the cluster center. Requires all atoms from C5' of a
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

// δ, ε, ζ of the preceding nucleotide, then α, β, γ, δ of the nucleotide that the suite is named after.
inline constexpr int kSuiteAngles = 7;
using SuiteAngles = std::array<double, kSuiteAngles>;

// A dominant cluster is so close to its satellites that other widths are used to separate them.
enum class SuiteRole { kOrdinary, kDominant, kSatellite };

struct SuiteCluster {
  std::string_view bin;   // preceding pucker (3: C3'-endo, 2: C2'-endo), pucker, and γ (p, t or m): "33 p"
  std::string_view name;  // two characters: "1a"
  bool certain;           // false: proposed
  SuiteRole role;
  SuiteAngles degrees;  // cluster center
};

// Sorted by bin; 54 in all.
std::span<const SuiteCluster> suite_clusters();

inline constexpr std::string_view kSuiteOutlier = "!!";
inline constexpr std::string_view kSuiteIncomplete = "__";

struct Suite {
  std::string_view name = kSuiteIncomplete;  // name of a cluster, or one of the two above
  double suiteness = 0.0;                    // in [0.01, 1]; 0 for outliers and incomplete suites

  bool is_complete() const { return name != kSuiteIncomplete; }
  bool is_outlier() const { return name == kSuiteOutlier; }
};

// `radians`: any multiple of 2π may be added. A non-finite angle makes the suite incomplete.
Suite classify_suite(const SuiteAngles& radians);

// Angles in radians, in (-π, π], of the suite that ends at nucleotide `i`. An angle with a missing atom is NaN. All are
// NaN if nucleotide `i - 1` is not bonded to it: residue_index has a gap, or O3'-P is above 2.5 Å.
SuiteAngles suite_angles(std::span<const Nucleotide> nucleotides, std::size_t i);

// The suite that ends at each nucleotide, [L]. The first of a chain and the first after a break are incomplete.
std::vector<Suite> find_suites(std::span<const Nucleotide> nucleotides);

struct SuiteCounts {
  long complete = 0, outliers = 0, incomplete = 0;
  double sum_of_suiteness = 0.0;
  std::map<std::string_view, long> of_name;  // clusters and kSuiteOutlier

  void add(std::span<const Suite> suites);
  // Mean over the complete suites, including outliers; NaN if there are none.
  double mean_suiteness() const;
  double outlier_share() const;
  double share(std::string_view name) const;
};

}  // namespace flashrna
