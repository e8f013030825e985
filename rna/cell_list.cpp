#include "rna/cell_list.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr int kBitsPerAxis = 21;

}  // namespace

CellList::CellList(std::span<const Vec3> points, double reach)
    : reach_(reach), square_reach_(reach * reach), points_(points.begin(), points.end()) {
  if (!(reach > 0.0)) fail("neighbors within {} Å: the distance must be positive", reach);
  std::vector<std::uint64_t> keys(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].allFinite() || points[i].cwiseAbs().maxCoeff() > kFurthestCoordinate) {
      fail("point {} is at {} {} {} Å; coordinates up to {} Å are allowed", i, points[i].x(), points[i].y(),
           points[i].z(), kFurthestCoordinate);
    }
    keys[i] = key_of(cell_of(points[i]));
  }
  order_.resize(points.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(),
            [&](std::size_t i, std::size_t j) { return keys[i] != keys[j] ? keys[i] < keys[j] : i < j; });
  sorted_points_.reserve(points.size());
  for (std::size_t place = 0; place < order_.size(); ++place) {
    const std::size_t point = order_[place];
    sorted_points_.push_back(points[point]);
    if (keys_.empty() || keys_.back() != keys[point]) {
      keys_.push_back(keys[point]);
      begin_.push_back(place);
    }
  }
  begin_.push_back(order_.size());
}

CellList::Cell CellList::cell_of(const Vec3& point) const {
  const auto along = [&](double x) { return static_cast<std::int64_t>(std::floor(x / std::max(reach_, 1.0))); };
  return {along(point.x()), along(point.y()), along(point.z())};
}

std::uint64_t CellList::key_of(const Cell& cell) {
  // Cell numbers of coordinates up to 1e6 Å with cubes of at least 1 Å, and their neighbors', fit in 21 bits with sign.
  const auto along = [](std::int64_t x) {
    return static_cast<std::uint64_t>(x + (std::int64_t{1} << (kBitsPerAxis - 1)));
  };
  return along(cell.a) << (2 * kBitsPerAxis) | along(cell.b) << kBitsPerAxis | along(cell.c);
}

std::pair<std::size_t, std::size_t> CellList::range(const Cell& first, const Cell& last) const {
  const auto from = std::lower_bound(keys_.begin(), keys_.end(), key_of(first));
  auto to = from;
  for (const std::uint64_t end = key_of(last); to != keys_.end() && *to <= end; ++to) {
  }
  return {begin_[static_cast<std::size_t>(from - keys_.begin())], begin_[static_cast<std::size_t>(to - keys_.begin())]};
}

}  // namespace flashrna
