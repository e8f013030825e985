#include "rna/measure/suites.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "rna/measure/local_geometry.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

using enum SuiteRole;

// The clusters of the paper, with the later clusters and means of the authors' program suitename.
constexpr std::array<SuiteCluster, 54> kClusters = {{
    {"33 p", "1a", true, kDominant, {81.495, 212.25, 288.831, 294.967, 173.99, 53.55, 81.035}},
    {"33 p", "1m", true, kSatellite, {83.513, 218.12, 291.593, 292.247, 222.3, 58.067, 86.093}},
    {"33 p", "1L", true, kSatellite, {85.664, 245.014, 268.257, 303.879, 138.164, 61.95, 79.457}},
    {"33 p", "&a", true, kSatellite, {82.112, 190.682, 264.945, 295.967, 181.839, 51.455, 81.512}},
    {"33 p", "7a", true, kOrdinary, {83.414, 217.4, 222.006, 302.856, 160.719, 49.097, 82.444}},
    {"33 p", "3a", true, kOrdinary, {85.072, 216.324, 173.276, 289.32, 164.132, 45.876, 84.956}},
    {"33 p", "9a", true, kOrdinary, {83.179, 210.347, 121.474, 288.568, 157.268, 49.347, 81.047}},
    {"33 p", "1g", true, kOrdinary, {80.888, 218.636, 290.735, 167.447, 159.565, 51.326, 85.213}},
    {"33 p", "7d", true, kOrdinary, {83.856, 238.75, 256.875, 69.562, 170.2, 52.8, 85.287}},
    {"33 p", "3d", true, kOrdinary, {85.295, 244.085, 203.815, 65.88, 181.13, 54.68, 86.035}},
    {"33 p", "5d", true, kOrdinary, {79.671, 202.471, 63.064, 68.164, 143.45, 49.664, 82.757}},
    {"33 p", "3g", false, kOrdinary, {84, 195, 146, 170, 170, 52, 84}},
    {"33 t", "1e", true, kOrdinary, {80.514, 200.545, 280.51, 249.314, 82.662, 167.89, 85.507}},
    {"33 t", "1c", true, kDominant, {80.223, 196.591, 291.299, 153.06, 194.379, 179.061, 83.648}},
    {"33 t", "1f", true, kSatellite, {81.395, 203.03, 294.445, 172.195, 138.54, 175.565, 84.47}},
    {"33 t", "5j", true, kOrdinary, {87.417, 223.558, 80.175, 66.667, 109.15, 176.475, 83.833}},
    {"33 t", "5n", false, kOrdinary, {86.055, 246.502, 100.392, 73.595, 213.752, 183.395, 85.483}},
    {"32 p", "1b", true, kDominant, {84.215, 215.014, 288.672, 300.42, 177.476, 58.307, 144.841}},
    {"32 p", "1[", true, kSatellite, {82.731, 220.463, 288.665, 296.983, 221.654, 54.213, 143.771}},
    {"32 p", "3b", true, kOrdinary, {84.7, 226.4, 168.336, 292.771, 177.629, 48.629, 147.95}},
    {"32 p", "1z", true, kOrdinary, {83.358, 206.042, 277.567, 195.7, 161.6, 50.75, 145.258}},
    {"32 p", "5z", true, kOrdinary, {82.614, 206.44, 52.524, 163.669, 148.421, 50.176, 147.59}},
    {"32 p", "7p", true, kOrdinary, {84.285, 236.6, 220.4, 68.3, 200.122, 53.693, 145.73}},
    {"32 p", "5p", false, kOrdinary, {84.457, 213.286, 69.086, 75.5, 156.671, 57.486, 147.686}},
    {"32 t", "1t", true, kOrdinary, {81.2, 199.243, 288.986, 180.286, 194.743, 178.2, 147.386}},
    {"32 t", "5q", true, kOrdinary, {82.133, 204.933, 69.483, 63.417, 115.233, 176.283, 145.733}},
    {"32 m", "1o", true, kOrdinary, {83.977, 216.508, 287.192, 297.254, 225.154, 293.738, 150.677}},
    {"32 m", "7r", true, kOrdinary, {84.606, 232.856, 248.125, 63.269, 181.975, 295.744, 149.744}},
    {"32 m", "5r", false, kOrdinary, {83, 196.9, 65.35, 60.15, 138.425, 292.55, 154.275}},
    {"23 p", "2a", true, kOrdinary, {145.399, 260.339, 288.756, 288.444, 192.733, 53.097, 84.067}},
    {"23 p", "4a", true, kSatellite, {146.275, 259.783, 169.958, 298.45, 169.583, 50.908, 83.967}},
    {"23 p", "0a", true, kDominant, {149.286, 223.159, 139.421, 284.559, 158.107, 47.9, 84.424}},
    {"23 p", "#a", true, kSatellite, {148.006, 191.944, 146.231, 289.288, 150.781, 42.419, 84.956}},
    {"23 p", "4g", true, kOrdinary, {148.028, 256.922, 165.194, 204.961, 165.194, 49.383, 82.983}},
    {"23 p", "6g", true, kOrdinary, {145.337, 262.869, 79.588, 203.863, 189.688, 58, 84.9}},
    {"23 p", "8d", true, kOrdinary, {148.992, 270.596, 240.892, 62.225, 176.271, 53.6, 87.262}},
    {"23 p", "4d", true, kOrdinary, {149.822, 249.956, 187.678, 80.433, 198.133, 61, 89.378}},
    {"23 p", "6d", true, kOrdinary, {146.922, 241.222, 88.894, 59.344, 160.683, 52.333, 83.417}},
    {"23 p", "2g", false, kOrdinary, {141.9, 258.383, 286.517, 178.267, 165.217, 48.35, 84.783}},
    {"23 t", "2h", true, kOrdinary, {147.782, 260.712, 290.424, 296.2, 177.282, 175.594, 86.565}},
    {"23 t", "4n", true, kOrdinary, {143.722, 227.256, 203.789, 73.856, 216.733, 194.444, 80.911}},
    {"23 t", "0i", true, kSatellite, {148.717, 274.683, 100.283, 80.6, 248.133, 181.817, 82.6}},
    {"23 t", "6n", true, kDominant, {150.311, 268.383, 84.972, 63.811, 191.483, 176.644, 85.6}},
    {"23 t", "6j", true, kSatellite, {141.633, 244.1, 66.056, 71.667, 122.167, 182.2, 83.622}},
    {"23 m", "0k", false, kOrdinary, {149.07, 249.78, 111.52, 278.37, 207.78, 287.82, 86.65}},
    {"22 p", "2[", true, kOrdinary, {146.383, 259.402, 291.275, 291.982, 210.048, 54.412, 147.76}},
    {"22 p", "4b", true, kOrdinary, {145.256, 244.622, 162.822, 294.159, 171.63, 45.9, 145.804}},
    {"22 p", "0b", true, kOrdinary, {147.593, 248.421, 112.086, 274.943, 164.764, 56.843, 146.264}},
    {"22 p", "4p", true, kOrdinary, {150.077, 260.246, 213.785, 71.9, 207.638, 56.715, 148.131}},
    {"22 p", "6p", true, kOrdinary, {146.415, 257.831, 89.597, 67.923, 173.051, 55.513, 147.623}},
    {"22 p", "2z", false, kOrdinary, {142.9, 236.55, 268.8, 180.783, 185.133, 54.467, 143.35}},
    {"22 t", "4s", true, kOrdinary, {149.863, 247.562, 170.488, 277.938, 84.425, 176.413, 148.087}},
    {"22 t", "2u", false, kOrdinary, {143.94, 258.2, 298.24, 279.64, 183.68, 183.08, 145.12}},
    {"22 m", "2o", true, kOrdinary, {147.342, 256.475, 295.508, 287.408, 194.525, 293.725, 150.458}},
}};

enum Angle : int { kDeltaBefore, kEpsilonBefore, kZetaBefore, kAlpha, kBeta, kGamma, kDelta };

struct Range {
  double lowest, highest;  // degrees, inclusive
  char letter;

  bool holds(double degrees) const { return degrees >= lowest && degrees <= highest; }
};

constexpr std::array<Range, 2> kPuckers = {{{60.0, 105.0, '3'}, {125.0, 165.0, '2'}}};
constexpr std::array<Range, 3> kGammas = {{{20.0, 95.0, 'p'}, {140.0, 215.0, 't'}, {260.0, 335.0, 'm'}}};
constexpr Range kEpsilonRange{155.0, 310.0}, kBetaRange{50.0, 290.0}, kAlphaZetaRange{25.0, 335.0};

// Half-widths of a cluster, degrees.
constexpr SuiteAngles kWidths = {28.0, 60.0, 55.0, 50.0, 70.0, 35.0, 28.0};

// These widths apply to a point between a satellite and its dominant cluster; 0 keeps the width above.
struct SatelliteWidths {
  std::string_view name;
  double epsilon, zeta, beta;
  double dominant_epsilon, dominant_zeta, dominant_beta;
};

constexpr std::array<SatelliteWidths, 9> kSatelliteWidths = {{
    {"1m", 0.0, 0.0, 32.0, 0.0, 0.0, 64.0},
    {"1L", 18.0, 0.0, 18.0, 70.0, 0.0, 70.0},
    {"&a", 20.0, 20.0, 0.0, 60.0, 60.0, 0.0},
    {"1f", 0.0, 0.0, 47.0, 0.0, 0.0, 65.0},
    {"1[", 0.0, 0.0, 34.0, 0.0, 0.0, 56.0},
    {"4a", 40.0, 40.0, 0.0, 50.0, 50.0, 0.0},
    {"#a", 26.0, 26.0, 0.0, 36.0, 36.0, 0.0},
    {"0i", 0.0, 0.0, 60.0, 0.0, 0.0, 60.0},
    {"6j", 0.0, 0.0, 60.0, 0.0, 0.0, 60.0},
}};

SuiteAngles with_widths(double epsilon, double zeta, double beta) {
  SuiteAngles widths = kWidths;
  if (epsilon > 0.0) widths[kEpsilonBefore] = epsilon;
  if (zeta > 0.0) widths[kZetaBefore] = zeta;
  if (beta > 0.0) widths[kBeta] = beta;
  return widths;
}

double distance(const SuiteAngles& a, const SuiteAngles& b, int first, int last, const SuiteAngles& widths) {
  double sum = 0.0;
  for (int k = first; k <= last; ++k) sum += std::pow(std::abs(a[k] - b[k]) / widths[k], 3.0);
  return std::cbrt(sum);
}

// Clusters of a bin have equal puckers and γ; the four angles in between distinguish them.
double distance_to_choose(const SuiteAngles& a, const SuiteAngles& b, const SuiteAngles& widths = kWidths) {
  return distance(a, b, kEpsilonBefore, kBeta, widths);
}

double distance_to_rate(const SuiteAngles& a, const SuiteAngles& b) {
  return distance(a, b, kDeltaBefore, kDelta, kWidths);
}

// Empty for angles outside all bins.
std::optional<std::string> bin_of(const SuiteAngles& degrees) {
  const bool allowed = kEpsilonRange.holds(degrees[kEpsilonBefore]) && kAlphaZetaRange.holds(degrees[kZetaBefore]) &&
                       kAlphaZetaRange.holds(degrees[kAlpha]) && kBetaRange.holds(degrees[kBeta]);
  if (!allowed) return std::nullopt;
  const auto letter = [](std::span<const Range> ranges, double angle) {
    const auto range = std::ranges::find_if(ranges, [&](const Range& r) { return r.holds(angle); });
    return range == ranges.end() ? '\0' : range->letter;
  };
  const char before = letter(kPuckers, degrees[kDeltaBefore]), after = letter(kPuckers, degrees[kDelta]);
  const char gamma = letter(kGammas, degrees[kGamma]);
  if (before == '\0' || after == '\0' || gamma == '\0') return std::nullopt;
  return std::string{before, after, ' ', gamma};
}

// Whether `point` lies between the two centers, in the four angles that distinguish clusters.
bool lies_between(const SuiteAngles& point, const SuiteAngles& a, const SuiteAngles& b) {
  double from_a = 0.0, from_b = 0.0;
  for (int k = kEpsilonBefore; k <= kBeta; ++k) {
    from_a += (point[k] - a[k]) * (b[k] - a[k]);
    from_b += (point[k] - b[k]) * (a[k] - b[k]);
  }
  return from_a > 0.0 && from_b > 0.0;
}

const SuiteCluster& nearer_of(const SuiteAngles& degrees, const SuiteCluster& other, const SuiteCluster& dominant) {
  SuiteAngles widths = kWidths, dominant_widths = kWidths;
  if (other.role == kSatellite && lies_between(degrees, other.degrees, dominant.degrees)) {
    const SatelliteWidths& w = *std::ranges::find(kSatelliteWidths, other.name, &SatelliteWidths::name);
    widths = with_widths(w.epsilon, w.zeta, w.beta);
    dominant_widths = with_widths(w.dominant_epsilon, w.dominant_zeta, w.dominant_beta);
  }
  const double to_other = distance_to_choose(degrees, other.degrees, widths);
  return to_other <= distance_to_choose(degrees, dominant.degrees, dominant_widths) ? other : dominant;
}

// The cluster of the bin that may contain the point; null if all are too far.
const SuiteCluster* choose_cluster(const SuiteAngles& degrees, std::string_view bin) {
  const SuiteCluster *dominant = nullptr, *nearest = nullptr, *nearest_other = nullptr;
  int n_within = 0;
  const auto is_nearer = [&](const SuiteCluster& cluster, const SuiteCluster* than) {
    return than == nullptr || distance_to_choose(degrees, cluster.degrees) < distance_to_choose(degrees, than->degrees);
  };
  for (const SuiteCluster& cluster : kClusters) {
    if (cluster.bin != bin) continue;
    if (cluster.role == kDominant) dominant = &cluster;
    if (!(distance_to_choose(degrees, cluster.degrees) < 1.0)) continue;
    ++n_within;
    if (is_nearer(cluster, nearest)) nearest = &cluster;
    if (cluster.role != kDominant && is_nearer(cluster, nearest_other)) nearest_other = &cluster;
  }
  if (n_within < 2 || dominant == nullptr) return nearest;
  return &nearer_of(degrees, *nearest_other, *dominant);
}

}  // namespace

std::span<const SuiteCluster> suite_clusters() { return kClusters; }

Suite classify_suite(const SuiteAngles& radians) {
  constexpr double kTurn = 360.0;
  SuiteAngles degrees;
  for (int k = 0; k < kSuiteAngles; ++k) {
    if (!std::isfinite(radians[k])) return {};
    degrees[k] = std::fmod(radians[k] * 180.0 / std::numbers::pi, kTurn);
    if (degrees[k] < 0.0) degrees[k] += kTurn;
  }
  const Suite outlier{kSuiteOutlier, 0.0};
  const std::optional<std::string> bin = bin_of(degrees);
  const SuiteCluster* cluster = bin ? choose_cluster(degrees, *bin) : nullptr;
  if (cluster == nullptr) return outlier;
  const double from_center = distance_to_rate(degrees, cluster->degrees);
  if (from_center > 1.0) return outlier;
  return {cluster->name, std::max(0.01, 0.5 * (1.0 + std::cos(std::numbers::pi * from_center)))};
}

SuiteAngles suite_angles(std::span<const Nucleotide> nucleotides, std::size_t i) {
  SuiteAngles angles;
  angles.fill(std::numeric_limits<double>::quiet_NaN());
  if (i == 0 || !phosphodiester(nucleotides[i - 1], nucleotides[i])) return angles;
  static const std::array<const LocalMeasure*, 6> torsions = {&local_measure("delta"), &local_measure("epsilon"),
                                                              &local_measure("zeta"),  &local_measure("alpha"),
                                                              &local_measure("beta"),  &local_measure("gamma")};
  const auto [delta, epsilon, zeta, alpha, beta, gamma] = torsions;
  return {measure(*delta, nucleotides, i - 1), measure(*epsilon, nucleotides, i - 1),
          measure(*zeta, nucleotides, i - 1),  measure(*alpha, nucleotides, i),
          measure(*beta, nucleotides, i),      measure(*gamma, nucleotides, i),
          measure(*delta, nucleotides, i)};
}

std::vector<Suite> find_suites(std::span<const Nucleotide> nucleotides) {
  std::vector<Suite> suites;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) suites.push_back(classify_suite(suite_angles(nucleotides, i)));
  return suites;
}

void SuiteCounts::add(std::span<const Suite> suites) {
  for (const Suite& suite : suites) {
    if (!suite.is_complete()) {
      ++incomplete;
      continue;
    }
    ++complete;
    outliers += suite.is_outlier();
    sum_of_suiteness += suite.suiteness;
    ++of_name[suite.name];
  }
}

double SuiteCounts::mean_suiteness() const { return sum_of_suiteness / static_cast<double>(complete); }

double SuiteCounts::outlier_share() const { return static_cast<double>(outliers) / static_cast<double>(complete); }

double SuiteCounts::share(std::string_view name) const {
  const auto found = of_name.find(name);
  return (found == of_name.end() ? 0.0 : static_cast<double>(found->second)) / static_cast<double>(complete);
}

}  // namespace flashrna
