#include "libfold/evaluation/summary_parts.h"

#include <cmath>

#include "base/degree.h"
#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostPoints = 4000;

Json left_out_json(const std::vector<LeftOut>& left_out) {
  Json list = Json::array();
  for (const LeftOut& item : left_out) list.push_back({{"name", item.name}, {"reason", item.reason}});
  return list;
}

Json spread_json(const Spread1d& spread) {
  return {{"count", spread.count},
          {"mean", number_json(defined(rounded(spread.mean, 6)))},
          {"standard_deviation", number_json(defined(rounded(spread.deviation, 6)))}};
}

Json histogram_json(const Histogram& histogram) {
  return {{"below", histogram.below}, {"above", histogram.above}, {"counts", histogram.counts}};
}

}  // namespace

Json set_json(const SetSource& set, std::size_t n_structures, std::int64_t residues, const char* without) {
  return {{"files", set.files},
          {"structures", n_structures},
          {"residues", residues},
          {"files_of_other_kinds", set.skipped_files},
          {"pdb_beside_mmcif", set.pdb_twins},
          {"unreadable", left_out_json(set.unreadable)},
          {without, left_out_json(set.without_polymer)},
          {"too_short", left_out_json(set.too_short)}};
}

Json distribution_json(const DistributionComparison& comparison, MeasureKind kind) {
  Json entry;
  entry["unit"] = kind == MeasureKind::kDistance ? "angstrom" : "radian";
  entry["circular"] = kind == MeasureKind::kTorsion;
  entry["samples"] = spread_json(comparison.samples);
  entry["reference"] = spread_json(comparison.reference);
  entry["wasserstein"] = number_json(defined(rounded(comparison.wasserstein, 6)));
  entry["circular_wasserstein"] = number_json(defined(rounded(comparison.circular_wasserstein, 6)));
  entry["histogram"] = {{"first", rounded(comparison.bins.first, 8)},
                        {"width", rounded(comparison.bins.width, 8)},
                        {"samples", histogram_json(comparison.sample_histogram)},
                        {"reference", histogram_json(comparison.reference_histogram)}};
  return entry;
}

Json torsion_points_json(std::span<const std::array<float, 2>> pairs, const char* first, const char* second) {
  Json firsts = Json::array(), seconds = Json::array();
  const std::size_t stride = 1 + pairs.size() / (kMostPoints + 1);
  for (std::size_t i = 0; i < pairs.size(); i += stride) {
    firsts.push_back(std::round(10.0 * static_cast<double>(pairs[i][0]) / kDegree) / 10.0);
    seconds.push_back(std::round(10.0 * static_cast<double>(pairs[i][1]) / kDegree) / 10.0);
  }
  return {{first, firsts}, {second, seconds}};
}

Json gyration_json(const GyrationFit& fit, const std::optional<std::vector<GyrationPoint>>& reference) {
  Json json = {{"prefactor", nullptr}};
  if (std::isfinite(fit.prefactor)) {
    json = {{"prefactor", rounded(fit.prefactor, 6)},
            {"exponent", rounded(fit.exponent, 6)},
            {"deviation_of_logarithm", rounded(fit.deviation, 6)},
            {"band_of_logarithm", {rounded(fit.low, 6), rounded(fit.high, 6)}}};
  }
  if (!reference) return json;
  Json lengths = Json::array(), radii = Json::array();
  for (const auto& [length, radius] : *reference) {
    lengths.push_back(length);
    radii.push_back(rounded(radius, 4));
  }
  json["reference_lengths"] = lengths;
  json["reference_radii"] = radii;
  return json;
}

}  // namespace flashrna
