// tests/data/structures/duplex.pdb has known torsions, pairs and conformers: a script computed its atoms from them.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "rna/io/structure_reader.h"
#include "rna/measure/a_form.h"
#include "rna/measure/backbone_checks.h"
#include "rna/measure/base_pair_geometry.h"
#include "rna/measure/clashes.h"
#include "rna/measure/local_geometry.h"
#include "rna/measure/ribose_chirality.h"
#include "rna/measure/sugar_pucker.h"
#include "rna/measure/suites.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/refined_base_pairs.h"
#include "rna/pairs/secondary_structure.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

class IdealDuplex : public testing::Test {
 protected:
  // Both strands; the second is molecule 1.
  std::vector<Nucleotide> both_strands() const {
    std::vector<Nucleotide> nucleotides = structure.chains.at(0).nucleotides;
    for (Nucleotide nucleotide : structure.chains.at(1).nucleotides) {
      nucleotide.chain_in_structure = 1;
      nucleotides.push_back(nucleotide);
    }
    return nucleotides;
  }

  const Structure structure = read_structure(small_structure("duplex.pdb"));
  const std::vector<int> opposite{15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
};

TEST_F(IdealDuplex, HasTheTorsionsThatItWasMadeFrom) {
  const std::pair<const char*, double> kTorsions[] = {{"alpha", -65.8},   {"beta", 174.1}, {"gamma", 53.5},
                                                      {"delta", 80.7},    {"zeta", -72.7}, {"chi", -162.3},
                                                      {"epsilon", -152.9}};
  for (const Chain& chain : structure.chains) {
    for (const auto& [name, degrees] : kTorsions) {
      int defined = 0;
      for (std::size_t i = 0; i < chain.nucleotides.size(); ++i) {
        const double value = measure(local_measure(name), chain.nucleotides, i);
        if (std::isnan(value)) continue;
        ++defined;
        // Coordinates rounded to 0.001 Å move a torsion by up to 0.001 / (1.4 sin 66°) rad per end.
        EXPECT_NEAR(std::remainder(value / kDegree - degrees, 360.0), 0.0, 0.15) << name << " " << chain.id << i + 1;
      }
      EXPECT_GE(defined, 7) << name;
    }
  }
}

TEST_F(IdealDuplex, EveryNucleotidePairsWithTheOneOpposite) {
  EXPECT_EQ(find_base_pairs(both_strands()), opposite);
  EXPECT_EQ(refine_base_pairs(both_strands()), opposite) << "by hydrogen bonds";
  const std::vector<int> molecule{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(describe_secondary_structure(opposite, molecule).helix_share(), 1.0);
}

// A half-turn takes each nucleotide to its partner, and one motion takes each pair to the next.
TEST_F(IdealDuplex, PairsAreSymmetricAndAllAlike) {
  const std::vector<BasePairGeometry> pairs = base_pair_geometries(both_strands(), opposite);
  ASSERT_EQ(pairs.size(), 8u);
  for (const BasePairGeometry& pair : pairs) {
    // The four bases differ by up to 0.06 Å where they meet the ribose, and coordinates are rounded to 0.001 Å.
    EXPECT_NEAR(pair.shear, 0.0, 0.1);
    EXPECT_NEAR(pair.buckle / kDegree, 0.0, 1.0);
    EXPECT_NEAR(pair.stretch, pairs.front().stretch, 0.15);
    EXPECT_NEAR(pair.stagger, pairs.front().stagger, 0.1);
    EXPECT_NEAR(pair.propeller / kDegree, pairs.front().propeller / kDegree, 1.0);
    EXPECT_NEAR(pair.opening / kDegree, pairs.front().opening / kDegree, 2.0);
  }
}

TEST_F(IdealDuplex, IsAFormOfConformer1aWithNaturalRibosesAndNoClash) {
  for (const Chain& chain : structure.chains) {
    const auto& nucleotides = chain.nucleotides;
    EXPECT_EQ(count_a_form(nucleotides).share(), 1.0);
    for (const Nucleotide& nucleotide : nucleotides) {
      EXPECT_EQ(pucker_name(altona_sundaralingam_pucker(ring_torsions(nucleotide)).phase), "C3'-endo");
    }
    const std::vector<Suite> suites = find_suites(nucleotides);
    for (std::size_t i = 1; i < suites.size(); ++i) {
      EXPECT_EQ(suites[i].name, "1a");
      EXPECT_GT(suites[i].suiteness, 0.8);
    }
    EXPECT_EQ(ribose_chirality(nucleotides).inverted, (std::array<long, 4>{0, 0, 0, 0}));
    EXPECT_EQ(find_clashes(nucleotides).pairs, 0);
    const BackboneChecks checks = check_backbone(nucleotides);
    EXPECT_EQ(checks.bonded, 1.0);
    EXPECT_EQ(checks.c4_neighbors, 1.0);
    EXPECT_NEAR(checks.o3_p_distance, 1.607, 0.002);
    EXPECT_LT(checks.bond_deviation, 0.02);
  }
}

}  // namespace
}  // namespace flashrna
