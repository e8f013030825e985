// tests/data/structures/duplex.pdb has known torsions, pairs and conformers: a script computed its atoms from them.
#include <gtest/gtest.h>

#include <array>
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

TEST_F(IdealDuplex, HasTheBondLengthsAndAnglesThatItWasMadeFrom) {
  const std::pair<const char*, double> kMade[] = {
      {"P-OP1", 1.485},       {"P-OP2", 1.485},       {"P-O5'", 1.593},       {"O5'-C5'", 1.425},
      {"C5'-C4'", 1.510},     {"C4'-O4'", 1.451},     {"C4'-C3'", 1.524},     {"C3'-O3'", 1.420},
      {"C3'-C2'", 1.523},     {"C2'-O2'", 1.413},     {"C2'-C1'", 1.529},     {"C1'-N", 1.470},
      {"O3'-P", 1.607},       {"OP1-P-O5'", 108.5},   {"OP2-P-O5'", 108.5},   {"P-O5'-C5'", 120.9},
      {"O5'-C5'-C4'", 111.0}, {"C5'-C4'-C3'", 115.5}, {"O4'-C4'-C3'", 104.2}, {"C4'-C3'-O3'", 111.0},
      {"C4'-C3'-C2'", 102.0}, {"C3'-C2'-O2'", 111.5}, {"C3'-C2'-C1'", 101.0}, {"C2'-C1'-N", 112.0},
      {"C3'-O3'-P", 119.7},   {"O3'-P-O5'", 104.0}};
  LocalGeometry geometry;
  for (const Chain& chain : structure.chains) geometry.add(chain.nucleotides);
  for (const auto& [name, made] : kMade) {
    const LocalMeasure& of = local_measure(name);
    const bool within_a_residue = of.atoms[1].residue == 0 && of.atoms[2].residue == 0;
    EXPECT_EQ(geometry.of(name).size(), within_a_residue ? 16u : 14u) << name;
    for (const double value : geometry.of(name)) {
      // Coordinates are rounded to 0.001 Å; angles as for the torsions above.
      const bool is_distance = of.kind == MeasureKind::kDistance;
      EXPECT_NEAR(is_distance ? value : value / kDegree, made, is_distance ? 0.002 : 0.15) << name;
    }
  }
}

// nu2 and nu3 are 37.3 and -37 degrees by construction. Phases and amplitudes in numpy: by a least-squares fit of
// A cos(P + 144 (k - 2)) to the five ring torsions, which is Rao's, and by the formula of Altona & Sundaralingam.
TEST_F(IdealDuplex, RingsHaveThePhaseAndAmplitudeOfAnIndependentFit) {
  for (const Chain& chain : structure.chains) {
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const std::array<double, 5> nu = ring_torsions(nucleotide);
      EXPECT_NEAR(nu[2] / kDegree, 37.3, 0.15);
      EXPECT_NEAR(nu[3] / kDegree, -37.0, 0.15);
      EXPECT_NEAR(rao_pucker(nu).phase / kDegree, 14.4, 0.2);
      EXPECT_NEAR(rao_pucker(nu).amplitude / kDegree, 39.44, 0.1);
      EXPECT_NEAR(altona_sundaralingam_pucker(nu).phase / kDegree, 14.7, 0.2);
      EXPECT_NEAR(altona_sundaralingam_pucker(nu).amplitude / kDegree, 38.56, 0.1);
    }
  }
}

TEST_F(IdealDuplex, EveryNucleotidePairsWithTheOneOpposite) {
  EXPECT_EQ(find_base_pairs(both_strands()), opposite);
  EXPECT_EQ(refine_base_pairs(both_strands()), opposite) << "by hydrogen bonds";
  const std::vector<int> molecule{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(describe_secondary_structure(opposite, molecule).helix_share(), 1.0);
}

// A half-turn takes each nucleotide to its partner, and one motion takes each pair to the next. The values are from
// numpy: superposition of the bases of Olson et al. 2001, parameters of Lu & Olson 2003.
TEST_F(IdealDuplex, PairsHaveTheParametersOfAnIndependentFit) {
  const std::vector<BasePairGeometry> pairs = base_pair_geometries(both_strands(), opposite);
  ASSERT_EQ(pairs.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) {
    const Base base = structure.chains[0].nucleotides[i].base;
    const bool is_g_c = base == Base::G || base == Base::C;
    const double purine_first = base == Base::G || base == Base::A ? 1.0 : -1.0;
    EXPECT_NEAR(pairs[i].shear, purine_first * (is_g_c ? -0.019 : 0.008), 0.002) << i;
    EXPECT_NEAR(pairs[i].stretch, is_g_c ? -0.054 : 0.034, 0.002) << i;
    EXPECT_NEAR(pairs[i].stagger, 0.020, 0.002) << i;
    EXPECT_NEAR(pairs[i].buckle / kDegree, 0.0, 0.03) << i;
    EXPECT_NEAR(pairs[i].propeller / kDegree, -0.30, 0.04) << i;
    EXPECT_NEAR(pairs[i].opening / kDegree, is_g_c ? 0.38 : 0.075, 0.02) << i;
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
      // From the torsions that it was made from, by the formula of Richardson et al. 2008; rounding moves it by 0.001.
      EXPECT_NEAR(suites[i].suiteness, 0.981, 0.002);
    }
    EXPECT_EQ(ribose_chirality(nucleotides).inverted, (std::array<long, 4>{0, 0, 0, 0}));
    const Clashes clashes = find_clashes(nucleotides);
    EXPECT_EQ(clashes.pairs, 0);
    EXPECT_EQ(clashes.published_pairs, 7) << "C3'-P, 2.62 Å, of every link";
    EXPECT_EQ(clashes.atoms, 8 * kBackboneAtoms);
  }
}

// Computed from the atoms of the file with numpy, the deviation with the lengths of native_bond_length.
TEST_F(IdealDuplex, BackboneChecksAreThoseComputedFromItsAtoms) {
  for (const Chain& chain : structure.chains) {
    const BackboneChecks checks = check_backbone(chain.nucleotides);
    EXPECT_NEAR(checks.c4_distance, 6.1539, 2e-4);
    EXPECT_EQ(checks.c4_neighbors, 1.0);
    EXPECT_NEAR(checks.o3_p_distance, 1.6069, 2e-4);
    EXPECT_EQ(checks.bonded, 1.0);
    EXPECT_NEAR(checks.bond_deviation, 0.00170, 1e-5);
    EXPECT_EQ(checks.clashes, 0.0);
    EXPECT_NEAR(checks.radius_of_gyration, 11.2066, 2e-4);
  }
}

}  // namespace
}  // namespace flashrna
