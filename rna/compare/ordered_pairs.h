// The order-preserving correspondence of two chains of points with the highest score, by dynamic programming (Needleman
// & Wunsch 1970) over pair scores 1 / (1 + d²/d0²).
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// (position in the mobile chain, position in the target chain), both increasing.
using ResiduePairs = std::vector<std::pair<int, int>>;

// Points of a chain, one array per coordinate. Single precision suffices to choose pairs.
struct PointArrays {
  std::vector<float> x, y, z;

  PointArrays() = default;
  explicit PointArrays(std::span<const Vec3> points);
  std::size_t size() const { return x.size(); }
};

// Reuses its buffers between calls: one byte per pair of residues, and a few rows.
class OrderedPairing {
 public:
  // The pairs with the highest total score: the sum over pairs of 1 / (1 + d²/d0²), or 0 beyond `furthest`, plus `gap`
  // (<= 0) for every run of unpaired residues between two pairs. Gaps at the ends are free. Pairs beyond `furthest` are
  // removed from the result.
  const ResiduePairs& pair(const PointArrays& mobile, const PointArrays& target, double d0, double furthest,
                           double gap);

 private:
  void fill(const PointArrays& mobile, const PointArrays& target, float d0, float furthest, float gap);
  void fill_row(std::size_t n, float gap, std::size_t row);

  std::vector<float> scores_, paired_, unpaired_, next_paired_, next_unpaired_;  // rows of target length + 1
  std::vector<float> from_up_, open_left_;   // best scores of a gap from above, and of one opened from the left
  std::vector<std::uint8_t> steps_;          // [mobile, target]
  int last_mobile_ = -1, last_target_ = -1;  // the pair that ends the best path
  ResiduePairs pairs_;
};

}  // namespace flashrna
