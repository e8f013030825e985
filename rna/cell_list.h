// Finds all pairs of points within a fixed distance. Points are sorted into cubes of that edge length, so that only the
// 27 cubes around a point are searched. Memory is linear in the number of points. For bounded density so is the time,
// except for one sort.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// Largest coordinate that cell lists, alignments and measures accept, Å.
inline constexpr double kFurthestCoordinate = 1e6;

class CellList {
 public:
  // Copies the points. Throws Error if `reach` is not positive or if a coordinate exceeds
  // kFurthestCoordinate.
  CellList(std::span<const Vec3> points, double reach);

  // Calls use(j, squared distance) for every point j != i within the reach of point i, in no particular order.
  template <typename Use>
  void for_each_near(std::size_t i, Use use) const {
    const Cell center = cell_of(points_[i]);
    for (std::int64_t a = center.a - 1; a <= center.a + 1; ++a) {
      for (std::int64_t b = center.b - 1; b <= center.b + 1; ++b) {
        // The three cubes along the last axis are contiguous in the sorted list.
        const auto [begin, end] = range({a, b, center.c - 1}, {a, b, center.c + 1});
        for (std::size_t k = begin; k < end; ++k) {
          const double square = (sorted_points_[k] - points_[i]).squaredNorm();
          if (square <= square_reach_ && order_[k] != i) use(order_[k], square);
        }
      }
    }
  }

 private:
  struct Cell {
    std::int64_t a, b, c;
  };

  Cell cell_of(const Vec3& point) const;
  static std::uint64_t key_of(const Cell& cell);
  // Range in the sorted list of the points from the first cube to the last.
  std::pair<std::size_t, std::size_t> range(const Cell& first, const Cell& last) const;

  double reach_, square_reach_;
  std::vector<Vec3> points_, sorted_points_;
  std::vector<std::size_t> order_;   // index of the point at each position of the sorted list
  std::vector<std::uint64_t> keys_;  // of the occupied cubes, increasing
  std::vector<std::size_t> begin_;   // first position of each occupied cube, and the end
};

}  // namespace flashrna
