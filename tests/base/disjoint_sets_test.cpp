#include "base/disjoint_sets.h"

#include <gtest/gtest.h>

namespace flashrna {
namespace {

TEST(DisjointSets, JoinIsTransitiveAndTheLowestMemberRepresentsTheSet) {
  DisjointSets sets(6);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(sets.find(i), i);
  sets.join(4, 2);
  sets.join(5, 4);
  sets.join(1, 0);
  EXPECT_TRUE(sets.joined(5, 2));
  EXPECT_FALSE(sets.joined(5, 1));
  EXPECT_EQ(sets.find(5), 2u);
  EXPECT_EQ(sets.find(3), 3u);
  sets.join(1, 5);
  for (const std::size_t i : {0u, 1u, 2u, 4u, 5u}) EXPECT_EQ(sets.find(i), 0u);
}

}  // namespace
}  // namespace flashrna
