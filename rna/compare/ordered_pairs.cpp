#include "rna/compare/ordered_pairs.h"

#include <algorithm>

namespace flashrna {
namespace {

// Steps back from a cell. A cell has two states: its residues are paired, or a gap is open.
constexpr std::uint8_t kPairAfterGap = 1;   // the pair follows a gap; otherwise a pair, or it is the first
constexpr std::uint8_t kGapFromTarget = 2;  // the gap's last unpaired residue is the target's; otherwise the mobile's
constexpr std::uint8_t kGapAfterPair = 4;   // the gap begins here after a pair; otherwise it continues

}  // namespace

PointArrays::PointArrays(std::span<const Vec3> points) {
  for (std::vector<float>* axis : {&x, &y, &z}) axis->reserve(points.size());
  for (const Vec3& point : points) {
    x.push_back(static_cast<float>(point.x()));
    y.push_back(static_cast<float>(point.y()));
    z.push_back(static_cast<float>(point.z()));
  }
}

// Computes one row of cells in several passes, all but one vectorized.
void OrderedPairing::fill_row(std::size_t n, float gap, std::size_t row) {
  const float* __restrict scores = scores_.data();
  const float* __restrict paired = paired_.data();
  const float* __restrict unpaired = unpaired_.data();
  float* __restrict next_paired = next_paired_.data();
  float* __restrict next_unpaired = next_unpaired_.data();
  float* __restrict from_up = from_up_.data();
  float* __restrict open_left = open_left_.data();
  std::uint8_t* __restrict steps = steps_.data() + row * n;
  for (std::size_t j = 0; j < n; ++j) next_paired[j + 1] = scores[j] + std::max(paired[j], unpaired[j]);
  for (std::size_t j = 0; j < n; ++j) from_up[j] = std::max(paired[j + 1] + gap, unpaired[j + 1]);
  for (std::size_t j = 0; j < n; ++j) open_left[j] = next_paired[j] + gap;
  // Each cell depends on its left neighbor, so this loop is not vectorized and computes only a maximum.
  float left = next_unpaired[0];
  for (std::size_t j = 0; j < n; ++j) {
    left = std::max(left, std::max(from_up[j], open_left[j]));
    next_unpaired[j + 1] = left;
  }
  for (std::size_t j = 0; j < n; ++j) {
    const int target_last = std::max(open_left[j], next_unpaired[j]) > from_up[j] ? -1 : 0;
    const int opens_left = open_left[j] > next_unpaired[j] ? kGapAfterPair : 0;
    const int opens_up = paired[j + 1] + gap > unpaired[j + 1] ? kGapAfterPair : 0;
    const int after_gap = unpaired[j] > paired[j] ? kPairAfterGap : 0;
    steps[j] = static_cast<std::uint8_t>(after_gap | (target_last & (kGapFromTarget | opens_left)) |
                                         (~target_last & opens_up));
  }
}

void OrderedPairing::fill(const PointArrays& mobile, const PointArrays& target, float d0, float furthest, float gap) {
  const float inverse_square = 1.0f / (d0 * d0), furthest_square = furthest * furthest;
  const std::size_t n = target.size();
  // Column 0 and row 0 are a free gap: unpaired ends cost nothing, and no pair exists there.
  constexpr float kImpossible = -1e30f;
  scores_.resize(n);
  paired_.assign(n + 1, kImpossible);
  unpaired_.assign(n + 1, 0.0f);
  next_paired_.assign(n + 1, kImpossible);
  next_unpaired_.assign(n + 1, 0.0f);
  from_up_.resize(n);
  open_left_.resize(n);
  steps_.resize(mobile.size() * n);
  float best = kImpossible;
  for (std::size_t i = 0; i < mobile.size(); ++i) {
    const float x = mobile.x[i], y = mobile.y[i], z = mobile.z[i];
    float* const scores = scores_.data();
    for (std::size_t j = 0; j < n; ++j) {
      const float dx = target.x[j] - x, dy = target.y[j] - y, dz = target.z[j] - z;
      const float square = dx * dx + dy * dy + dz * dz;
      const float near = square <= furthest_square ? 1.0f : 0.0f;  // no branch, so that the loop vectorizes
      scores[j] = near / (1.0f + square * inverse_square);
    }
    fill_row(n, gap, i);
    float highest = next_paired_[1];
    for (std::size_t j = 1; j <= n; ++j) highest = std::max(highest, next_paired_[j]);
    if (highest > best) {
      best = highest;
      last_mobile_ = static_cast<int>(i);
      last_target_ =
          static_cast<int>(std::find(next_paired_.begin() + 1, next_paired_.end(), highest) - next_paired_.begin()) - 1;
    }
    std::swap(paired_, next_paired_);
    std::swap(unpaired_, next_unpaired_);
  }
}

const ResiduePairs& OrderedPairing::pair(const PointArrays& mobile, const PointArrays& target, double d0,
                                         double furthest, double gap) {
  pairs_.clear();
  if (mobile.size() == 0 || target.size() == 0) return pairs_;
  fill(mobile, target, static_cast<float>(d0), static_cast<float>(furthest), static_cast<float>(gap));
  const std::size_t n = target.size();
  int i = last_mobile_, j = last_target_;
  bool in_gap = false;
  while (i >= 0 && j >= 0) {
    const std::uint8_t step = steps_[static_cast<std::size_t>(i) * n + static_cast<std::size_t>(j)];
    if (in_gap) {
      in_gap = (step & kGapAfterPair) == 0;
      --((step & kGapFromTarget) != 0 ? j : i);
    } else {
      const std::size_t a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
      const Vec3 between(mobile.x[a] - target.x[b], mobile.y[a] - target.y[b], mobile.z[a] - target.z[b]);
      if (between.squaredNorm() <= furthest * furthest) pairs_.emplace_back(i, j);
      --i;
      --j;
      in_gap = (step & kPairAfterGap) != 0;
    }
  }
  std::reverse(pairs_.begin(), pairs_.end());
  return pairs_;
}

}  // namespace flashrna
