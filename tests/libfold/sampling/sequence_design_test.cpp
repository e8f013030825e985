#include "libfold/sampling/sequence_design.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/sampled_molecule.h"
#include "rna/chi.h"
#include "rna/pairs/secondary_structure.h"
#include "rna/torsion.h"

namespace flashrna {
namespace {

using Residue = std::array<double, 4>;

Residue logarithms(const Residue& probabilities) {
  Residue logs;
  for (std::size_t k = 0; k < 4; ++k) logs[k] = std::log(probabilities[k]);
  return logs;
}

std::string text_of(const std::vector<Base>& bases) {
  std::string text;
  for (Base base : bases) text += base_letter(base);
  return text;
}

DesignedSequence design(const std::vector<Residue>& residues, const std::vector<int>& partner, std::uint64_t index = 0,
                        double temperature = 1.0, const std::vector<Base>& given = {}) {
  RandomStream stream(3, "test", {index});
  return design_sequence(residues, partner, given, temperature, stream);
}

const Residue kUneven = {0.1, 0.2, 0.3, 0.4}, kOther = {0.4, 0.1, 0.35, 0.15};

// Counts of `draws` designs lie within four standard deviations of the expected probabilities.
void expect_frequencies(const std::map<std::string, double>& expected, const std::vector<Residue>& residues,
                        const std::vector<int>& partner, double temperature = 1.0) {
  constexpr int kDraws = 20'000;
  std::map<std::string, int> seen;
  for (int k = 0; k < kDraws; ++k)
    ++seen[text_of(design(residues, partner, static_cast<std::uint64_t>(k), temperature).bases)];
  int total = 0;
  for (const auto& [letters, p] : expected) {
    const double deviation = std::sqrt(p * (1 - p) / kDraws);
    EXPECT_NEAR(static_cast<double>(seen[letters]) / kDraws, p, 4 * deviation) << letters;
    total += seen[letters];
  }
  EXPECT_EQ(total, kDraws) << "others than the expected sequences were drawn";
}

TEST(SequenceDesign, UnpairedLettersFollowTheirProbabilities) {
  expect_frequencies({{"A", 0.1}, {"C", 0.2}, {"G", 0.3}, {"U", 0.4}}, {logarithms(kUneven)}, {kUnpaired});
}

TEST(SequenceDesign, PairsAreDrawnByTheirJointProbabilityAmongSix) {
  const auto joint = [](int a, int b) { return kUneven[a] * kOther[b]; };  // A C G U = 0 1 2 3
  std::map<std::string, double> expected = {{"GC", joint(2, 1)}, {"CG", joint(1, 2)}, {"AU", joint(0, 3)},
                                            {"UA", joint(3, 0)}, {"GU", joint(2, 3)}, {"UG", joint(3, 2)}};
  double sum = 0;
  for (const auto& [letters, p] : expected) sum += p;
  for (auto& [letters, p] : expected) p /= sum;
  expect_frequencies(expected, {logarithms(kUneven), logarithms(kOther)}, {1, 0});
}

TEST(SequenceDesign, TemperatureDividesLogarithms) {
  // Squares of the probabilities at T = 1/2: 1 : 4 : 9 : 16.
  expect_frequencies({{"A", 1 / 30.0}, {"C", 4 / 30.0}, {"G", 9 / 30.0}, {"U", 16 / 30.0}}, {logarithms(kUneven)},
                     {kUnpaired}, 0.5);
  EXPECT_EQ(text_of(design({logarithms(kUneven)}, {kUnpaired}, 0, 0.001).bases), "U");
  EXPECT_THROW(design({logarithms(kUneven)}, {kUnpaired}, 0, 0.0), UsageError);
}

TEST(SequenceDesign, GivenLettersStayAndTheirPartnersFit) {
  const std::vector<Residue> residues(4, logarithms(kUneven));
  const std::vector<Base> given = {Base::C, Base::N, Base::A, Base::N};
  for (std::uint64_t k = 0; k < 50; ++k) {
    const std::string text = text_of(design(residues, {1, 0, 3, 2}, k, 1.0, given).bases);
    EXPECT_EQ(text, "CGAU") << "C and A have one canonical partner each";
  }
  const DesignedSequence all_given = design(residues, {1, 0, 3, 2}, 0, 1.0, {Base::A, Base::A, Base::C, Base::G});
  EXPECT_EQ(text_of(all_given.bases), "AACG") << "given letters stay even where they do not pair";
  EXPECT_EQ(all_given.mean_log_probability, 0.0);
}

TEST(SequenceDesign, MeanLogProbabilityIsPerDrawnResidueAndAtTemperatureOne) {
  const Residue even = logarithms({0.25, 0.25, 0.25, 0.25});
  EXPECT_NEAR(design({even}, {kUnpaired}).mean_log_probability, std::log(0.25), 1e-12);
  EXPECT_NEAR(design({even, even}, {1, 0}).mean_log_probability, std::log(1 / 6.0) / 2, 1e-12);
  EXPECT_NEAR(design({even, even}, {1, 0}, 0, 0.1).mean_log_probability, std::log(1 / 6.0) / 2, 1e-12);
  EXPECT_NEAR(design({even, even}, {1, 0}, 0, 1.0, {Base::G, Base::N}).mean_log_probability, std::log(0.5), 1e-12);
}

TEST(SequenceDesign, AskedPairsComeBeforeFoundOnes) {
  const std::vector<int> found = {5, 4, -1, -1, 1, 0};
  EXPECT_EQ(pairs_to_design({}, found), found);
  const std::vector<int> unpaired(6, kUnpaired), unspecified(6, kUnspecified);
  EXPECT_EQ(pairs_to_design(unpaired, found), unpaired);
  EXPECT_EQ(pairs_to_design(unspecified, found), found);
  // 1 and 5 are asked to pair: found pairs with either are dropped.
  EXPECT_EQ(pairs_to_design(std::vector<int>{-2, 5, -2, -2, -2, 1}, found), (std::vector<int>{-1, 5, -1, -1, -1, 1}));
  EXPECT_EQ(pairs_to_design(std::vector<int>{11, -1, -1, -1, -1, 6}, found), (std::vector<int>{11, -1, -1, -1, -1, 6}))
      << "with another copy";
  EXPECT_THROW(pairs_to_design(std::vector<int>{-1}, found), Error);
}

TEST(SequenceDesign, FastaNamesSampleNumberAndProbability) {
  const std::vector<DesignedSequence> designs = {{{Base::G, Base::A}, -0.5}, {{Base::C, Base::U}, -1.25}};
  EXPECT_EQ(designs_as_fasta("len_00002_sample_007", designs),
            ">len_00002_sample_007_design_0 mean_log_probability=-0.5000\nGA\n"
            ">len_00002_sample_007_design_1 mean_log_probability=-1.2500\nCU\n");
}

SampledBackbone some_backbone(std::size_t length) {
  SampledBackbone backbone;
  for (std::size_t i = 0; i < length; ++i) {
    RigidTransform frame;
    frame.translation = Vec3(8.0 * static_cast<double>(i), 0, 0);
    backbone.frames.push_back(frame);
    backbone.torsions.insert(backbone.torsions.end(), kTorsions, {0.6, 0.8});
    backbone.chi.push_back({0.8, 0.6});
    backbone.letters.push_back(logarithms(kUneven));
  }
  return backbone;
}

TEST(SampledMolecule, DesignsNameTheResiduesWhoseBasesArePlacedByChi) {
  SampleConfig config;
  config.relax_rounds = 0;
  config.design_sequence = 3;
  config.all_atom = true;
  const SampledBackbone backbone = some_backbone(12);
  const Design design = design_of_lengths(std::vector<int>{12});
  const SampledMolecule molecule = make_molecule(backbone, "one", 4, design, config);
  ASSERT_EQ(molecule.designs.size(), 3u);
  const Chain& chain = molecule.structure.chains.front();
  EXPECT_EQ(chain.sequence(), text_of(molecule.designs.front().bases));
  EXPECT_NE(text_of(molecule.designs[0].bases), text_of(molecule.designs[1].bases)) << "streams differ";
  for (const Nucleotide& nucleotide : chain.nucleotides) {
    const auto chi = chi_of(nucleotide);
    ASSERT_TRUE(chi);
    EXPECT_NEAR((*chi)[0], 0.8, 1e-6);
    EXPECT_NEAR((*chi)[1], 0.6, 1e-6);
  }
  EXPECT_EQ(text_of(make_molecule(backbone, "one", 4, design, config).designs[2].bases),
            text_of(molecule.designs[2].bases))
      << "a function of seed, length, index and number";
  EXPECT_NE(text_of(make_molecule(backbone, "one", 5, design, config).designs[2].bases),
            text_of(molecule.designs[2].bases));
}

TEST(SampledMolecule, CopiesOfASymmetricAssemblyHaveOneSequence) {
  SampleConfig config;
  config.design_sequence = 1;
  const SampledMolecule molecule =
      make_molecule(some_backbone(12), "one", 4, design_of_lengths(std::vector<int>{6}), config);
  ASSERT_EQ(molecule.structure.chains.size(), 2u);
  EXPECT_EQ(molecule.structure.chains[0].sequence(), text_of(molecule.designs[0].bases));
  EXPECT_EQ(molecule.structure.chains[1].sequence(), molecule.structure.chains[0].sequence());
}

TEST(SampledMolecule, RelaxedCopiesStayCopies) {
  SampleConfig config;
  config.nucleotide = "A";
  config.all_atom = true;
  SampledBackbone backbone = some_backbone(12);
  config.symmetry = "C2";
  const Mat3 turn = Vec3(-1, -1, 1).asDiagonal();
  for (std::size_t i = 0; i < 6; ++i) {
    backbone.frames[i].translation = Vec3(5.0 * static_cast<double>(i), 40, 0);  // bases overlap
    backbone.frames[i + 6] = {turn * backbone.frames[i].rotation, turn * backbone.frames[i].translation};
  }
  const Design design = design_of_lengths(std::vector<int>{6});
  const auto made = [&](int rounds) {
    config.relax_rounds = rounds;
    return make_molecule(backbone, "one", 0, design, config).structure.chains;
  };
  const std::vector<Chain> before = made(0), after = made(100);
  EXPECT_GT((after[0].nucleotides[2].atoms[kC4] - before[0].nucleotides[2].atoms[kC4]).norm(), 0.1);
  for (std::size_t i = 0; i < 6; ++i) {
    const Nucleotide &one = after[0].nucleotides[i], &copy = after[1].nucleotides[i];
    for (std::size_t slot = 0; slot < kAtomSlots && one.has(static_cast<int>(slot)); ++slot)
      EXPECT_LT((turn * one.atoms[slot] - copy.atoms[slot]).norm(), 1e-9);
  }
}

TEST(SampledMolecule, WhatTheModelDoesNotPredictIsAnError) {
  SampleConfig config;
  const Design design = design_of_lengths(std::vector<int>{3});
  config.nucleotide = "A";
  SampledBackbone backbone = some_backbone(3);
  backbone.chi.clear();
  backbone.letters.clear();
  EXPECT_EQ(make_molecule(backbone, "one", 0, design, config).structure.chains[0].nucleotides[0].atom_mask,
            (1u << kBackboneAtoms) - 1u);
  config.all_atom = true;
  EXPECT_THROW(make_molecule(backbone, "one", 0, design, config), Error);
  config.all_atom = false;
  config.design_sequence = 1;
  EXPECT_THROW(make_molecule(backbone, "one", 0, design, config), Error);
}

}  // namespace
}  // namespace flashrna
