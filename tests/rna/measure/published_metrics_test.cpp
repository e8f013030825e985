// Compares the C4' metrics with the published implementation (docs/architecture.md, "Formulas").
#include "rna/measure/published_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>

#include "base/error.h"
#include "tests/support/csv_table.h"
#include "tests/support/golden_file.h"

namespace flashrna {
namespace {

std::vector<Vec3> points_of(const std::vector<double>& numbers, double scale) {
  std::vector<Vec3> points;
  for (std::size_t i = 0; i + 2 < numbers.size(); i += 3) {
    points.emplace_back(scale * numbers[i], scale * numbers[i + 1], scale * numbers[i + 2]);
  }
  return points;
}

// Records the largest error by name and prints it at the end.
struct WorstErrors {
  std::map<std::string, double> worst;

  void add(const std::string& name, double got, double expected, double allowed, const std::string& where) {
    const double error = std::abs(got - expected);
    worst[name] = std::max(worst[name], error);
    EXPECT_LE(error, allowed) << where << " " << name << ": got " << got << ", expected " << expected;
  }
  ~WorstErrors() {
    for (const auto& [name, error] : worst) std::cout << "  " << name << ": largest error " << error << "\n";
  }
};

// Rounding of sums of about a thousand numbers up to 100.
constexpr double kAllowed = 1e-11;

TEST(PublishedMetrics, EveryGoldenNumberIsReproduced) {
  const GoldenFile file(golden_path("metrics.h5"));
  WorstErrors errors;
  for (const std::string kind : {"chains", "clouds"}) {
    for (const std::string& name : file.children(kind)) {
      const std::string group = kind + "/" + name;
      const std::vector<Vec3> c4 = kind == "chains" ? points_of(file.read(group + "/inputs/c4_milliangstrom"), 0.001)
                                                    : points_of(file.read(group + "/inputs/c4"), 1.0);
      const auto compare = [&](const std::string& quantity, const std::vector<double>& got) {
        const std::vector<double> expected = file.read(group + "/outputs/" + quantity);
        ASSERT_EQ(got.size(), expected.size()) << group << " " << quantity;
        for (std::size_t i = 0; i < got.size(); ++i) errors.add(quantity, got[i], expected[i], kAllowed, group);
      };
      const PublishedC4Metrics metrics = published_c4_metrics(c4);
      compare("avg_c4_bond_dists", {metrics.mean_distance});
      compare("c4_c4_deviation", {metrics.deviation});
      compare("c4_c4_valid_percent", {metrics.valid_fraction});
      compare("num_c4_c4_clashes", {static_cast<double>(metrics.clashes)});
      compare("radius_of_gyration", {metrics.radius_of_gyration});
      compare("c4_angles", published_c4_angles(c4));
      compare("c4_dihedrals", published_c4_dihedrals(c4));
    }
  }
}

TEST(PublishedMetrics, EveryRowOfTheGoldenTableIsReproduced) {
  const GoldenFile file(golden_path("metrics.h5"));
  WorstErrors errors;
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  for (const CsvRow& row : read_csv(golden_path("metrics.csv"))) {
    const std::string& name = row.text("structure");
    const std::vector<Vec3> c4 = points_of(file.read("chains/" + name + "/inputs/c4_milliangstrom"), 0.001);
    ASSERT_EQ(static_cast<double>(c4.size()), row.number("L"));
    const PublishedC4Metrics metrics = published_c4_metrics(c4);
    const auto compare = [&](const std::string& column, double got) {
      errors.add(column, got, row.number(column), kAllowed, name);
    };
    compare("avg_c4_bond_dists", metrics.mean_distance);
    compare("c4_c4_deviation", metrics.deviation);
    compare("c4_c4_valid_percent", metrics.valid_fraction);
    compare("num_c4_c4_clashes", static_cast<double>(metrics.clashes));
    compare("radius_of_gyration", metrics.radius_of_gyration);
    compare("mean_distance_float", metrics.mean_distance);
    compare("mean_angle_rad", mean(published_c4_angles(c4)));
    compare("mean_dihedral_rad", mean(published_c4_dihedrals(c4)));
  }
}

TEST(PublishedMetrics, SuperpositionScoresAreReproduced) {
  const GoldenFile file(golden_path("metrics.h5"));
  const std::vector<double> mask = file.read("superpose/inputs/mask");
  const std::vector<Vec3> x = points_of(file.read("superpose/inputs/x"), 1.0);
  const std::vector<Vec3> y = points_of(file.read("superpose/inputs/y"), 1.0);
  const std::size_t n = static_cast<std::size_t>(file.shape("superpose/inputs/mask")[1]);
  WorstErrors errors;
  for (std::size_t k = 0; k < mask.size() / n; ++k) {
    std::vector<Vec3> target, mobile;
    for (std::size_t i = k * n; i < (k + 1) * n; ++i) {
      if (mask[i] == 0.0) continue;
      target.push_back(x[i]);
      mobile.push_back(y[i]);
    }
    const PublishedSuperposition got = published_superposition(mobile, target);
    const auto compare = [&](const std::string& quantity, double value) {
      // The published code adds small constants to its denominators, with effects up to 1e-11.
      errors.add(quantity, value, file.read("superpose/outputs/" + quantity)[k], 1e-9, std::to_string(k));
    };
    compare("rmsd_after", got.rmsd);
    compare("gdt", got.gdt);
    compare("tm_protein_d0", got.tm_score);
    compare("gyration", radius_of_gyration(target));
  }
}

TEST(PublishedMetrics, OneResidueHasNoStepsAndNoPointIsRefused) {
  const std::vector<Vec3> one{Vec3(1.0, 2.0, 3.0)};
  const PublishedC4Metrics metrics = published_c4_metrics(one);
  EXPECT_TRUE(std::isnan(metrics.mean_distance));
  EXPECT_TRUE(std::isnan(metrics.valid_fraction));
  EXPECT_EQ(metrics.radius_of_gyration, 0.0);
  EXPECT_TRUE(published_c4_dihedrals(one).empty());
  EXPECT_THROW(published_c4_metrics({}), Error);
}

// The published code raises a cosine of 0 to 1e-7, and limits its magnitude to 1e-7 below 1. The test uses three unit
// steps at right angles.
TEST(PublishedMetrics, DihedralsAreClampedAsPublished) {
  const std::vector<Vec3> right{{1, 0, 0}, {0, 0, 0}, {0, 1, 0}, {0, 1, 1}};
  EXPECT_DOUBLE_EQ(std::abs(published_c4_dihedrals(right)[0]), std::atan2(1.0, 1e-7));
  const std::vector<Vec3> line{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
  EXPECT_EQ(published_c4_dihedrals(line)[0], 0.0);
}

}  // namespace
}  // namespace flashrna
