#include "rna/cell_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/rna/random_points.h"

namespace flashrna {
namespace {

TEST(CellList, FindsExactlyThePairsThatAllPairsFind) {
  for (const double reach : {0.3, 2.0, 7.0, 100.0}) {
    std::vector<Vec3> points = random_points(300, 10.0, 1);
    points.push_back(points[0]);            // the same position twice
    points.emplace_back(-9.9e5, 0.0, 0.0);  // far from all others
    const CellList cells(points, reach);
    for (std::size_t i = 0; i < points.size(); ++i) {
      std::vector<std::size_t> found, expected;
      cells.for_each_near(i, [&](std::size_t j, double square) {
        found.push_back(j);
        EXPECT_EQ(square, (points[j] - points[i]).squaredNorm());
      });
      for (std::size_t j = 0; j < points.size(); ++j) {
        if (j != i && (points[j] - points[i]).squaredNorm() <= reach * reach) expected.push_back(j);
      }
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, expected) << "point " << i << ", reach " << reach;
    }
  }
}

TEST(CellList, NoPointsAreNoNeighborsAndBadOnesAreRefused) {
  EXPECT_NO_THROW(CellList({}, 1.0));
  const std::vector<Vec3> point{Vec3::Zero()};
  EXPECT_THROW(CellList(point, 0.0), Error);
  EXPECT_THROW(CellList(point, std::nan("")), Error);
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity(), -2e6}) {
    const std::vector<Vec3> bad{Vec3(0.0, value, 0.0)};
    EXPECT_THROW(CellList(bad, 1.0), Error);
  }
}

}  // namespace
}  // namespace flashrna
