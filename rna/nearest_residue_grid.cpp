#include "rna/nearest_residue_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace flashrna {

NearestResidueGrid::NearestResidueGrid(std::span<const Vec3> points, double reach) {
  constexpr double kFinestCell = 1.5;         // Å
  constexpr double kCellsPerResidue = 500.0;  // compact RNA with its margin fills fewer finest cells
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
  const double furthest = reach + 0.5 * (cell - kFinestCell) * std::sqrt(3.0);  // from the center of a cell
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
    for (std::size_t a = first[0]; a < last[0]; ++a) {
      for (std::size_t b = first[1]; b < last[1]; ++b) {
        for (std::size_t c = first[2]; c < last[2]; ++c) {
          const Vec3 center = low + cell * Vec3(static_cast<double>(a) + 0.5, static_cast<double>(b) + 0.5,
                                                static_cast<double>(c) + 0.5);
          const float square = static_cast<float>((center - points[residue]).squaredNorm());
          const std::size_t at = (a * n_[1] + b) * n_[2] + c;
          if (square < squares[at] && square <= furthest * furthest) {
            squares[at] = square;
            cells_[at] = static_cast<std::int32_t>(residue);
          }
        }
      }
    }
  }
}

}  // namespace flashrna
