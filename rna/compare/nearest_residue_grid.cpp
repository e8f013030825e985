#include "rna/compare/nearest_residue_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace flashrna {

NearestResidueGrid::NearestResidueGrid(std::span<const Vec3> points, double reach) {
  constexpr double kFinestCell = 1.5;         // Å
  constexpr double kCellsPerResidue = 500.0;  // compact RNA with its margin fills fewer cells of the finest size
  Vec3 low = points[0], high = points[0];
  for (const Vec3& point : points) {
    low = low.cwiseMin(point);
    high = high.cwiseMax(point);
  }
  low.array() -= reach;
  high.array() += reach;
  const Vec3 size = (high - low).cwiseMax(kFinestCell);
  const double most_cells = kCellsPerResidue * static_cast<double>(points.size()) + 1000.0;
  const double cell = std::max(kFinestCell, std::cbrt(size.prod() / most_cells));
  const double furthest = reach + 0.5 * (cell - kFinestCell) * std::sqrt(3.0);  // from a cell's center
  cells_per_unit_ = static_cast<float>(1.0 / cell);
  for (int axis = 0; axis < 3; ++axis) {
    n_[axis] = static_cast<std::size_t>(std::ceil(size[axis] / cell));
    origin_[axis] = static_cast<float>(low[axis]);
    limit_[axis] = static_cast<float>(n_[axis]);
  }
  cells_.assign(n_[0] * n_[1] * n_[2], -1);
  std::vector<float> squares(cells_.size(), std::numeric_limits<float>::max());
  for (std::size_t residue = 0; residue < points.size(); ++residue) {
    std::size_t first[3], last[3];
    for (int axis = 0; axis < 3; ++axis) {
      const double at = points[residue][axis] - low[axis];
      first[axis] = static_cast<std::size_t>(std::max(0.0, (at - furthest) / cell));
      last[axis] = std::min(n_[axis], static_cast<std::size_t>((at + furthest) / cell) + 1);
    }
    const auto square_along = [&](int axis, std::size_t index) {
      const double center = low[axis] + cell * (static_cast<double>(index) + 0.5);
      return static_cast<float>((center - points[residue][axis]) * (center - points[residue][axis]));
    };
    const float reach_square = static_cast<float>(furthest * furthest);
    for (std::size_t a = first[0]; a < last[0]; ++a) {
      const float square_a = square_along(0, a);
      for (std::size_t b = first[1]; b < last[1]; ++b) {
        const float square_ab = square_a + square_along(1, b);
        if (square_ab > reach_square) continue;
        for (std::size_t c = first[2]; c < last[2]; ++c) {
          const float square = square_ab + square_along(2, c);
          const std::size_t at = (a * n_[1] + b) * n_[2] + c;
          if (square < squares[at] && square <= reach_square) {
            squares[at] = square;
            cells_[at] = static_cast<std::int32_t>(residue);
          }
        }
      }
    }
  }
}

}  // namespace flashrna
