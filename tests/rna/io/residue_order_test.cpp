#include "rna/io/residue_order.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace flashrna {
namespace {

using Order = std::vector<std::size_t>;

LinkedResidues residues_with_links(int count, const std::set<std::pair<std::size_t, std::size_t>>& links) {
  LinkedResidues residues;
  for (int i = 0; i < count; ++i) residues.numbers.push_back({i + 1, ' '});
  residues.linked = residues.bonded = [links](std::size_t a, std::size_t b) { return links.contains({a, b}); };
  return residues;
}

TEST(ResidueOrder, FragmentsAreJoinedWhereTheirEndsAreLinked) {
  EXPECT_EQ(chain_order(residues_with_links(4, {{0, 1}, {2, 3}, {3, 0}})), (Order{2, 3, 0, 1}));
}

TEST(ResidueOrder, OneLinkByChanceBetweenManyFragmentsDoesNotMoveThem) {
  EXPECT_EQ(chain_order(residues_with_links(8, {{0, 1}, {3, 4}, {6, 7}, {7, 0}})), (Order{0, 1, 2, 3, 4, 5, 6, 7}));
}

}  // namespace
}  // namespace flashrna
