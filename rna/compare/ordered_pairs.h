// The best correspondence between two chains of points that keeps the order of both, by dynamic programming
// (Needleman & Wunsch 1970) over scores 1 / (1 + d²/d0²).
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

// (position in the mobile chain, position in the target chain), both rising.
using ResiduePairs = std::vector<std::pair<int, int>>;

// Points of a chain, one array per coordinate: single precision is enough to choose pairs.
struct PointArrays {
  std::vector<float> x, y, z;

  PointArrays() = default;
  explicit PointArrays(std::span<const Vec3> points);
  std::size_t size() const { return x.size(); }
};

// Keeps its buffers from call to call: one byte per pair of residues, and a few rows.
class OrderedPairing {
 public:
  // Pairs of highest total score: the sum over the pairs of 1 / (1 + d²/d0²), or 0 beyond `furthest`, plus `gap` (<= 0)
  // for every run of unpaired residues between two pairs. Ends are free. Pairs beyond `furthest` are then left out.
  const ResiduePairs& pair(const PointArrays& mobile, const PointArrays& target, double d0, double furthest,
                           double gap);

 private:
  void fill(const PointArrays& mobile, const PointArrays& target, float d0, float furthest, float gap);
  void fill_row(std::size_t n, float gap, std::size_t row);

  std::vector<float> scores_, paired_, unpaired_, next_paired_, next_unpaired_;  // rows of the target's length + 1
  std::vector<float> from_up_, open_left_;   // best scores of a gap that comes from above, or opens from the left
  std::vector<std::uint8_t> steps_;          // [mobile, target]
  int last_mobile_ = -1, last_target_ = -1;  // the pair that ends the best path
  ResiduePairs pairs_;
};

}  // namespace flashrna
