#include "libfold/evaluation/pair_measures.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "libfold/evaluation/pair_summary.h"
#include "libfold/evaluation/structure_measures.h"
#include "rna/ideal_bases.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/dot_bracket.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

PairMeasures measured(const std::vector<Nucleotide>& nucleotides) {
  return measure_pairs(nucleotides, find_base_pairs(nucleotides));
}

TEST(PairMeasures, CountHelicesAndLoopsOfAHairpinWithABulge) {
  const std::vector<Nucleotide> nucleotides = paired_hairpin("h").chains[0].nucleotides;
  ASSERT_EQ(to_dot_bracket(find_base_pairs(nucleotides)), kPairedHairpin);
  const PairMeasures pairs = measured(nucleotides);
  EXPECT_EQ(pairs.in_helices, 14);
  EXPECT_EQ(pairs.paired, 14);
  EXPECT_EQ(pairs.pseudoknotted, 0);
  EXPECT_EQ(pairs.helices, (std::vector<int>{4, 3}));
  EXPECT_EQ(pairs.loops_of(LoopKind::kHairpin), std::vector<int>{11});
  EXPECT_EQ(pairs.loops_of(LoopKind::kBulge), std::vector<int>{1});
  EXPECT_EQ(pairs.loops_of(LoopKind::kInterior), std::vector<int>{});
  EXPECT_EQ(pairs.loops_of(LoopKind::kExterior), std::vector<int>{4});
  EXPECT_DOUBLE_EQ(*pairs.helix_share(), 14.0 / 30.0);
  EXPECT_DOUBLE_EQ(*pairs.median_helix(), 3.5);
  EXPECT_DOUBLE_EQ(*pairs.helices_per_100_nucleotides(), 200.0 / 30.0);
  EXPECT_DOUBLE_EQ(*pairs.exterior_share(), 4.0 / 30.0);
  ASSERT_EQ(pairs.c1_distances.size(), 7u);
  for (const double distance : pairs.c1_distances) EXPECT_NEAR(distance, 10.5, 1e-9);
}

TEST(PairMeasures, WhatIsNotThereHasNoValue) {
  const PairMeasures none = measured(example_structure("s", {10}).chains[0].nucleotides);
  EXPECT_EQ(none.helix_share(), 0.0);
  EXPECT_FALSE(none.median_helix());
  EXPECT_FALSE(none.pseudoknotted_share());
  EXPECT_FALSE(none.median_loop(LoopKind::kHairpin));
  EXPECT_EQ(none.exterior_share(), 1.0);
  EXPECT_EQ(none.suites.complete + none.suites.incomplete, 10);
  const PairMeasures nothing = measured({});
  EXPECT_FALSE(nothing.helix_share());
  EXPECT_FALSE(nothing.outlier_share());
}

TEST(PairMeasures, WholeBasesHaveTheParametersAndHydrogenBondsOfTheirPair) {
  const std::vector<int> partner = {6, 5, kUnpaired, kUnpaired, kUnpaired, 1, 0};
  std::vector<Nucleotide> nucleotides(7);  // those in between have no atoms
  for (std::size_t i : {0, 1, 5, 6}) {
    nucleotides[i].base = i < 2 ? Base::G : Base::C;
    const double side = i < 2 ? 1.0 : -1.0;   // C is turned by half a turn about x
    const double apart = i == 5 ? 1.5 : 0.0;  // Å, along y: the second pair is pulled apart
    for (int slot = kGlycosidicNitrogen; slot < kAtomSlots && !atom_name(nucleotides[i].base, slot).empty(); ++slot) {
      const Vec3& atom = ideal_base(nucleotides[i].base).atoms[slot];
      nucleotides[i].set(slot, Vec3(atom.x(), side * atom.y() - apart, side * atom.z()));
    }
  }
  PairMeasures pairs = measure_pairs(nucleotides, partner);
  ASSERT_EQ(pairs.geometry.size(), 2u);
  EXPECT_NEAR(pairs.geometry[0].stretch, 0.0, 1e-9);
  EXPECT_NEAR(pairs.geometry[1].stretch, 1.5, 1e-9);
  EXPECT_NEAR(pairs.geometry[1].shear, 0.0, 1e-9);
  EXPECT_EQ(pairs.canonical, 2);
  EXPECT_EQ(pairs.hydrogen_bonded, 1) << "hydrogen bonds of 4.4 Å are none";
  EXPECT_EQ(pairs.hydrogen_bonded_share(), 0.5);
  MeasuredValues values = no_values();
  add_values(nucleotides, pairs, values);
  EXPECT_EQ(values[distributed_measure("stretch")].size(), 2u);
  EXPECT_NEAR(values[distributed_measure("stretch")][1], 1.5, 1e-9);

  nucleotides[1].base = Base::N;  // without a letter a pair has neither
  pairs = measure_pairs(nucleotides, partner);
  EXPECT_EQ(pairs.geometry.size(), 1u);
  EXPECT_EQ(pairs.canonical, 1);
  EXPECT_FALSE(PairMeasures{}.hydrogen_bonded_share());
}

TEST(PairMeasures, OfASetAreSumsOverItsStructures) {
  PairMeasures all = measured(paired_hairpin("h").chains[0].nucleotides);
  const PairMeasures strand = measured(example_structure("s", {20}).chains[0].nucleotides);
  const long suites = all.suites.complete + strand.suites.complete;
  all.add(strand);
  EXPECT_EQ(all.nucleotides, 50);
  EXPECT_DOUBLE_EQ(*all.helix_share(), 14.0 / 50.0);
  EXPECT_EQ(all.loops_of(LoopKind::kExterior), (std::vector<int>{4, 20}));
  EXPECT_EQ(all.suites.complete, suites);
  long named = 0;
  for (const auto& [name, count] : all.suites.of_name) named += count;
  EXPECT_EQ(named, suites);
}

TEST(PairMeasures, DistancesBetweenSetsAreOfHelixLengthsAndLoopSizes) {
  const PairMeasures one = measured(paired_hairpin("h").chains[0].nucleotides);
  PairMeasures other = one;
  other.helices = {4, 3, 8, 5};                                            // a mean of 5 instead of 3.5, none shorter
  other.loops[static_cast<std::size_t>(LoopKind::kHairpin)] = {4, 6};      // 7 and 5 less
  other.loops[static_cast<std::size_t>(LoopKind::kInterior)] = {2, 3, 4};  // of which `one` has none
  using Values = std::map<std::string, Maybe>;
  const Values expected{{"helix_length_distance", 1.5},
                        {"hairpin_distance", 6.0},
                        {"bulge_distance", 0.0},
                        {"interior_distance", std::nullopt},
                        {"multiloop_distance", std::nullopt}};
  const auto distances = [](const PairMeasures& a, const PairMeasures& b) {
    const KeyedValues values = pair_distances(a, b);
    return Values(values.begin(), values.end());
  };
  EXPECT_EQ(distances(one, other), expected);
  EXPECT_EQ(distances(other, one), expected);
}

}  // namespace
}  // namespace flashrna
