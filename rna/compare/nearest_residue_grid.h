// Looks up approximately which residue of a chain is nearest to a point, in constant time: each cell of a grid stores
// the residue nearest to its center. Memory is linear in the chain's length. Cells are 1.5 Å wide, and wider if the
// chain's bounding box would need too many; align the chain's long axis with x, y or z to avoid this.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

class NearestResidueGrid {
 public:
  // Needs at least one point. Finds residues within about `reach` (Å) of a point.
  NearestResidueGrid(std::span<const Vec3> points, double reach);

  // The index of the nearest residue; -1 if none is near.
  int nearest(float x, float y, float z) const {
    const float a = (x - origin_[0]) * cells_per_unit_;
    const float b = (y - origin_[1]) * cells_per_unit_;
    const float c = (z - origin_[2]) * cells_per_unit_;
    const bool inside = a >= 0 && b >= 0 && c >= 0 && a < limit_[0] && b < limit_[1] && c < limit_[2];
    if (!inside) return -1;
    return cells_[(static_cast<std::size_t>(a) * n_[1] + static_cast<std::size_t>(b)) * n_[2] +
                  static_cast<std::size_t>(c)];
  }

 private:
  float origin_[3], limit_[3], cells_per_unit_;
  std::size_t n_[3];
  std::vector<std::int32_t> cells_;
};

}  // namespace flashrna
