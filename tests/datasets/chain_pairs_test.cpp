#include "datasets/chain_pairs.h"

#include <gtest/gtest.h>

namespace flashrna {
namespace {

TEST(ChainPairs, EachMoleculeKeepsThePairsWithinIt) {
  ChainFeatures chain;
  // Molecules of 6 and 5 residues. 0-5 and 6-10 pair within, 1 with 8 across; 2 is unknown.
  chain.length = 11;
  chain.chain_in_structure = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  chain.partner = {5, 8, -2, -1, -1, 0, 10, -1, 1, -1, 6};
  const std::vector<std::vector<int>> molecules = partners_by_molecule(chain);
  ASSERT_EQ(molecules.size(), 2u);
  EXPECT_EQ(molecules[0], (std::vector<int>{5, -1, -1, -1, -1, 0}));
  EXPECT_EQ(molecules[1], (std::vector<int>{4, -1, -1, -1, 0}));
}

TEST(ChainPairs, PairsCloserThanAHairpinAreLeftOut) {
  ChainFeatures chain;
  chain.length = 5;
  chain.partner = {3, -1, -1, 0, -1};
  EXPECT_EQ(partners_by_molecule(chain), (std::vector<std::vector<int>>{{-1, -1, -1, -1, -1}}));
}

}  // namespace
}  // namespace flashrna
