#include "rna/pairs/refined_base_pairs.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rna/pairs/base_pairs.h"
#include "tests/rna/pairs/synthetic_pairs.h"
#include "tests/rna/random_points.h"

namespace flashrna {
namespace {

using Atoms = std::vector<std::pair<std::string, std::pair<double, double>>>;

// x and y (Å) of planar bases in the frame of the base pair: Olson et al. 2001, doi:10.1006/jmbi.2001.4987.
const std::map<Base, Atoms>& standard_bases() {
  static const std::map<Base, Atoms> bases = {
      {Base::A,
       {{"C1'", {-2.479, 5.346}},
        {"N9", {-1.291, 4.498}},
        {"C8", {0.024, 4.897}},
        {"N7", {0.877, 3.902}},
        {"C5", {0.071, 2.771}},
        {"C6", {0.369, 1.398}},
        {"N6", {1.611, 0.909}},
        {"N1", {-0.668, 0.532}},
        {"C2", {-1.912, 1.023}},
        {"N3", {-2.320, 2.290}},
        {"C4", {-1.267, 3.124}}}},
      {Base::C,
       {{"C1'", {-2.477, 5.402}},
        {"N1", {-1.285, 4.542}},
        {"C2", {-1.472, 3.158}},
        {"O2", {-2.628, 2.709}},
        {"N3", {-0.391, 2.344}},
        {"C4", {0.837, 2.868}},
        {"N4", {1.875, 2.027}},
        {"C5", {1.056, 4.275}},
        {"C6", {-0.023, 5.068}}}},
      {Base::G,
       {{"C1'", {-2.477, 5.399}},
        {"N9", {-1.289, 4.551}},
        {"C8", {0.023, 4.962}},
        {"N7", {0.870, 3.969}},
        {"C5", {0.071, 2.833}},
        {"C6", {0.424, 1.460}},
        {"O6", {1.554, 0.955}},
        {"N1", {-0.700, 0.641}},
        {"C2", {-1.999, 1.087}},
        {"N2", {-2.949, 0.139}},
        {"N3", {-2.342, 2.364}},
        {"C4", {-1.265, 3.177}}}},
      {Base::U,
       {{"C1'", {-2.481, 5.354}},
        {"N1", {-1.284, 4.500}},
        {"C2", {-1.462, 3.131}},
        {"O2", {-2.563, 2.608}},
        {"N3", {-0.302, 2.397}},
        {"C4", {0.989, 2.884}},
        {"O4", {1.935, 2.094}},
        {"C5", {1.089, 4.311}},
        {"C6", {-0.024, 5.053}}}},
  };
  return bases;
}

Nucleotide standard_base(Base base) {
  Nucleotide nucleotide;
  nucleotide.base = base;
  nucleotide.name = base_letter(base);
  for (const auto& [name, xy] : standard_bases().at(base)) {
    nucleotide.set(atom_slot(base, name), Vec3(xy.first, xy.second, 0.0));
  }
  return nucleotide;
}

// The base on the other side of the pair, shifted within the plane.
Nucleotide opposite_base(Base base, double x = 0.0, double y = 0.0) {
  Nucleotide nucleotide = standard_base(base);
  for (Vec3& atom : nucleotide.atoms) atom = Vec3(atom.x() + x, -atom.y() + y, -atom.z());
  return nucleotide;
}

// A chain with only these nucleotides at these positions, moved as a whole.
std::vector<Nucleotide> chain_of(int length, const std::vector<std::pair<int, Nucleotide>>& placed) {
  std::vector<Nucleotide> chain(static_cast<std::size_t>(length));
  const RigidTransform motion = random_motion(11);
  for (const auto& [position, nucleotide] : placed) {
    chain[static_cast<std::size_t>(position)] = nucleotide;
    for (Vec3& atom : chain[static_cast<std::size_t>(position)].atoms) atom = motion * atom;
  }
  return chain;
}

constexpr double kWobbleX = 2.3, kWobbleY = 0.4;  // Å, of U relative to its position in A-U

TEST(RefinedBasePairs, CanonicalPairsHaveAllTheirHydrogenBonds) {
  const auto bonds = [](const Nucleotide& one, const Nucleotide& other) {
    const EdgeBonds there = watson_crick_bonds(one, other), back = watson_crick_bonds(other, one);
    EXPECT_EQ(there.possible, back.possible);
    EXPECT_EQ(there.formed, back.formed);
    return std::pair(there.formed, there.possible);
  };
  EXPECT_EQ(bonds(standard_base(Base::G), opposite_base(Base::C)), std::pair(3, 3));
  EXPECT_EQ(bonds(standard_base(Base::A), opposite_base(Base::U)), std::pair(2, 2));
  EXPECT_EQ(bonds(standard_base(Base::G), opposite_base(Base::U, kWobbleX, kWobbleY)), std::pair(2, 2));
  EXPECT_EQ(bonds(standard_base(Base::G), opposite_base(Base::U, -3.0)), std::pair(0, 2));
  EXPECT_EQ(bonds(standard_base(Base::G), opposite_base(Base::A)), std::pair(0, 0));
  Nucleotide without_n3 = opposite_base(Base::C);
  without_n3.atom_mask &= ~(1u << atom_slot(Base::C, "N3"));
  EXPECT_EQ(bonds(standard_base(Base::G), without_n3), std::pair(0, 0));
}

TEST(RefinedBasePairs, PseudouridinePairsByItsO2) {
  // Uridine turned about N3...C6: O4 and O2 exchange positions.
  Nucleotide pseudouridine = opposite_base(Base::U);
  std::swap(pseudouridine.atoms[atom_slot(Base::U, "O2")], pseudouridine.atoms[atom_slot(Base::U, "O4")]);
  EXPECT_EQ(watson_crick_bonds(standard_base(Base::A), pseudouridine).formed, 1);
  pseudouridine.name = "PSU";
  EXPECT_EQ(watson_crick_bonds(standard_base(Base::A), pseudouridine).formed, 2);
}

TEST(RefinedBasePairs, WobblesPairThoughTheirAnglesAreOutsideOfTheUsualLimits) {
  const auto chain = chain_of(6, {{0, standard_base(Base::G)}, {5, opposite_base(Base::U, kWobbleX, kWobbleY)}});
  EXPECT_EQ(find_base_pairs(chain)[0], -1);
  EXPECT_EQ(refine_base_pairs(chain), (std::vector<int>{5, -1, -1, -1, -1, 0}));
}

TEST(RefinedBasePairs, HydrogenBondsComeBeforeTheScore) {
  // 10 has no base, but its C1' and N are at the optimal position for pairing with 0.
  const Nucleotide guanosine = standard_base(Base::G);
  const Nucleotide cytidine = opposite_base(Base::C, 0.3, -0.3);
  Nucleotide bare = opposite_base(Base::C, 0.0, 0.2);
  bare.atom_mask = 1u << kC1 | 1u << kGlycosidicNitrogen;
  const auto chain = chain_of(11, {{0, guanosine}, {5, cytidine}, {10, bare}});
  const std::vector<BasePairCandidate> candidates = find_base_pair_candidates(chain).pairs;
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0].j, 10);
  EXPECT_EQ(find_base_pairs(chain)[0], 10);
  EXPECT_EQ(refine_base_pairs(chain)[0], 5);
  EXPECT_EQ(refine_base_pairs(chain)[10], -1);
  // Without the cytidine, the residue without a base remains.
  EXPECT_EQ(refine_base_pairs(chain_of(11, {{0, guanosine}, {10, bare}}))[0], 10);
}

TEST(RefinedBasePairs, WholeBasesWithoutABondOfACanonicalPairDoNotPair) {
  // C1' and N as in a pair, with the remainder of the base turned away.
  Nucleotide cytidine = opposite_base(Base::C);
  for (int slot = kGlycosidicNitrogen + 1; slot < kAtomSlots; ++slot) cytidine.atoms[slot].z() += 5.0;
  const auto turned = chain_of(6, {{0, standard_base(Base::G)}, {5, cytidine}});
  EXPECT_EQ(find_base_pairs(turned)[0], 5);
  EXPECT_EQ(refine_base_pairs(turned)[0], -1);
  const auto letters = chain_of(6, {{0, standard_base(Base::C)}, {5, opposite_base(Base::U)}});
  EXPECT_EQ(find_base_pairs(letters)[0], 5);
  EXPECT_EQ(refine_base_pairs(letters)[0], -1);
}

TEST(RefinedBasePairs, BackbonesWithoutBasesPairAsByTwoAtoms) {
  PairAtoms atoms(24);
  place_helix(atoms, 0, 23, 10);
  std::vector<Nucleotide> chain(24);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (atoms.c1[i].hasNaN()) continue;
    chain[i].set(kC1, atoms.c1[i]);
    chain[i].set(kGlycosidicNitrogen, atoms.n[i]);
  }
  EXPECT_EQ(refine_base_pairs(chain), find_base_pairs(chain));
  EXPECT_EQ(refine_base_pairs(chain)[3], 20);
}

}  // namespace
}  // namespace flashrna
