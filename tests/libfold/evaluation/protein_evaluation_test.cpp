// The evaluation of proteins: its measures, and what of an evaluation of RNA it does not have.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "datasets/conversion.h"
#include "libfold/evaluation/definitions.h"
#include "libfold/evaluation/protein/protein_summary.h"
#include "libfold/evaluation/protein/ramachandran.h"
#include "protein/io/structure_writer.h"
#include "protein/measure/local_geometry.h"
#include "rna/compare/tm_score.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"
#include "tests/protein/synthetic_peptide.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

constexpr double kDegree = std::numbers::pi / 180.0;

// A helix, its letters of no meaning; from 1 residue to the next like any other.
ProteinStructure helix(const std::string& entry, int length, double psi = -47.0) {
  ProteinStructure structure;
  structure.entry = entry;
  structure.chains = {synthetic_peptide("A", std::string(static_cast<std::size_t>(length), 'A'), -57.0, psi)};
  for (ProteinResidue& residue : structure.chains[0].residues) {
    for (Vec3& atom : residue.atoms) atom += Vec3(5, 5, 5);
  }
  return structure;
}

class ProteinEvaluationTest : public ::testing::Test {
 protected:
  ProteinEvaluationTest() {
    for (int i = 0; i < 4; ++i) {
      const std::string name = fmt::format("r{}", i);
      folder.write("reference/" + name + ".cif", to_mmcif(helix(name, 30 + 10 * i)));
    }
    folder.write("samples/a.cif", to_mmcif(helix("a", 40)));
    folder.write("samples/b.cif", to_mmcif(helix("b", 40, 130.0)));
    folder.write("samples/rna.cif", to_mmcif(example_structure("rna", {12})));
    settings.samples = {folder.path("samples")};
    settings.reference = folder.path("protein.h5");
    settings.threads = 1;
    ConversionOptions options;
    options.polymer = Polymer::kProtein;
    convert_structures({folder.path("reference")}, settings.reference, options);
  }

  TemporaryFolder folder;
  EvaluationSettings settings;
};

TEST_F(ProteinEvaluationTest, MeasuresSamplesAndReference) {
  settings.native = folder.path("samples/a.cif");
  const auto evaluation = evaluate_proteins(settings);
  ASSERT_TRUE(evaluation);
  ASSERT_EQ(evaluation->samples.structures.size(), 2u);
  ASSERT_EQ(evaluation->samples.without_polymer.size(), 1u);
  EXPECT_THAT(evaluation->samples.without_polymer[0].reason, HasSubstr("no protein; chain \"A\" is left out: RNA"));
  EXPECT_EQ(evaluation->reference->structures.size(), 4u);
  EXPECT_EQ(evaluation->reference->residues(), 30 + 40 + 50 + 60);

  const nlohmann::ordered_json summary = protein_summary(*evaluation);
  EXPECT_EQ(summary.at("polymer"), "protein");
  const auto& measures = summary.at("measures");
  EXPECT_EQ(measures.at("break_rate").at("samples"), 0.0);
  EXPECT_EQ(measures.at("ca_near_rate").at("samples"), 100.0);
  EXPECT_EQ(measures.at("c_n_near_rate").at("reference"), 100.0);
  EXPECT_EQ(measures.at("inversion_rate").at("samples"), 0.0);
  EXPECT_EQ(measures.at("alpha_rate").at("samples"), 50.0);
  EXPECT_EQ(measures.at("alpha_rate").at("reference"), 100.0);
  EXPECT_EQ(measures.at("beta_rate").at("samples"), 50.0);
  EXPECT_EQ(measures.at("clusters").at("samples"), 2.0);
  // Of two torsions psi alone differs, in half of the samples, by 177°; so do phi + psi and phi - psi.
  EXPECT_NEAR(measures.at("ramachandran_distance").at("samples").get<double>(), 3.0 / 4.0 * 0.5 * 177.0, 0.3);
  for (const char* key : {"paired_rate", "suite_outlier_rate", "a_form_rate", "c3_endo_rate", "validity"}) {
    EXPECT_FALSE(measures.contains(key)) << key;
  }
  EXPECT_FALSE(summary.contains("base_pairs"));
  EXPECT_NEAR(evaluation->native[0]->rmsd, 0.0, 1e-6);
  EXPECT_NEAR(evaluation->native[0]->tm_score, 1.0, 1e-9);
  EXPECT_GT(evaluation->native[1]->rmsd, 5.0);
  EXPECT_GT(evaluation->novelty->of[0].by_longer.tm_score, 0.99);
  EXPECT_LT(evaluation->novelty->of[1].by_longer.tm_score, 0.5);
  const CsvTable table = protein_metrics_table(*evaluation);
  EXPECT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(std::ranges::count(table.columns, "paired"), 0);
  EXPECT_EQ(std::ranges::count(table.columns, "sc_tm"), 0);
}

TEST_F(ProteinEvaluationTest, DefinitionsNameEveryKeyColumnAndDistribution) {
  settings.native = folder.path("samples/a.cif");
  const auto evaluation = evaluate_proteins(settings);
  for (const SetMeasure& measure : protein_set_measures(*evaluation)) {
    EXPECT_TRUE(definitions().contains(measure.key)) << measure.key;
  }
  for (const std::string& column : protein_metrics_table(*evaluation).columns) {
    EXPECT_TRUE(definitions().contains(column)) << column;
  }
  for (const LocalMeasure& measure : protein_measures()) {
    const Definition definition = distribution_definition(measure.name);
    EXPECT_NE(definition.text, "") << measure.name;
    EXPECT_EQ(definition.unit, measure.kind == MeasureKind::kDistance ? "Å" : "°") << measure.name;
  }
}

TEST_F(ProteinEvaluationTest, TheResultDoesNotDependOnTheThreads) {
  const auto one = evaluate_proteins(settings);
  settings.threads = 3;
  const auto three = evaluate_proteins(settings);
  EXPECT_EQ(protein_summary(*one).dump(), protein_summary(*three).dump());
  EXPECT_EQ(protein_metrics_table(*one).to_csv(), protein_metrics_table(*three).to_csv());
}

TEST_F(ProteinEvaluationTest, WhatNeedsTheOtherPolymerIsRefused) {
  convert_structures({folder.path("samples")}, folder.path("rna.h5"));
  settings.reference = folder.path("rna.h5");
  EXPECT_THAT(message_of([&] { evaluate_proteins(settings); }),
              HasSubstr("rna.h5: a dataset of RNA, an evaluation with --polymer protein needs one of proteins"));
  settings.reference = folder.path("protein.h5");
  EXPECT_THAT(message_of([&] { evaluate(settings); }),
              HasSubstr("protein.h5: a dataset of proteins, an evaluation of RNA needs one of RNA"));
  settings.pairs = "pairs.dbn";
  EXPECT_THAT(message_of([&] { evaluate_proteins(settings); }), HasSubstr("proteins have no base pairs"));
  settings.pairs.clear();
  settings.samples = {folder.path("samples/rna.cif")};
  EXPECT_THAT(message_of([&] { evaluate_proteins(settings); }), HasSubstr("no protein structure to measure in 1 file"));
}

TEST(RamachandranDistance, IsThatOfTheShiftedTorsion) {
  std::vector<std::array<float, 2>> a, b;
  for (int i = 0; i < 200; ++i) {
    const auto phi = static_cast<float>(-1.0 + 0.002 * i), psi = static_cast<float>(3.0 + 0.001 * (i * 7 % 200));
    a.push_back({phi, psi});
    b.push_back({phi, psi + static_cast<float>(20.0 * kDegree)});
  }
  EXPECT_NEAR(ramachandran_distance(a, a), 0.0, 1e-9);
  EXPECT_NEAR(ramachandran_distance(a, b), 0.75 * 20.0 * kDegree, 1e-5);
  EXPECT_TRUE(std::isnan(ramachandran_distance(a, {})));
}

TEST(ProteinTmScore, ScaleIsThatOfProteins) {
  for (const int length : {1, 14, 15, 21}) EXPECT_EQ(tm_score_scale(length, TmScale::kProtein), 0.5) << length;
  EXPECT_NEAR(tm_score_scale(100, TmScale::kProtein), 1.24 * std::cbrt(85.0) - 1.8, 1e-12);
  EXPECT_NEAR(tm_score_scale(250, TmScale::kProtein), 5.8520, 1e-3);
  // One pair at distance d: 1 / (1 + d²/d0²).
  const std::vector<Vec3> a = {Vec3::Zero()}, b = {Vec3(2, 0, 0)};
  EXPECT_NEAR(tm_score_at(a, b, 100, {}, TmScale::kProtein), 0.01 / (1.0 + 4.0 / std::pow(3.6521, 2)), 1e-5);
}

}  // namespace
}  // namespace flashrna
