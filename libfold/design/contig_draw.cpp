#include "libfold/design/contig_draw.h"

#include <algorithm>

#include "base/error.h"

namespace flashrna {
namespace {

// share[k][s]: number of combinations of ranges k, k + 1, ... whose excess over their least lengths sums to s, divided
// by the largest such number. s runs to `most`, because larger sums exceed the bounds.
std::vector<std::vector<double>> combinations(std::span<const LengthRange> ranges, std::int64_t most) {
  std::vector<std::vector<double>> share(ranges.size() + 1);
  share.back() = {1.0};
  for (std::size_t k = ranges.size(); k-- > 0;) {
    const std::vector<double>& rest = share[k + 1];
    const std::int64_t width = ranges[k].most - ranges[k].least;
    const auto size = std::min<std::int64_t>(most, static_cast<std::int64_t>(rest.size()) - 1 + width) + 1;
    for (std::int64_t s = 0; s < size; ++s) {
      const std::int64_t last = std::min<std::int64_t>(s, static_cast<std::int64_t>(rest.size()) - 1);
      double sum = 0.0;  // not from cumulative sums, whose differences lose small shares to rounding
      for (std::int64_t i = std::max<std::int64_t>(0, s - width); i <= last; ++i)
        sum += rest[static_cast<std::size_t>(i)];
      share[k].push_back(sum);
    }
    const double largest = *std::ranges::max_element(share[k]);
    for (double& value : share[k]) value /= largest;
  }
  return share;
}

// An index with probability proportional to its weight.
std::size_t draw_weighted(const std::vector<double>& weights, std::uint64_t random, std::uint64_t n) {
  double total = 0.0;
  for (double weight : weights) total += weight;
  double left = (static_cast<double>(random) + 0.5) / static_cast<double>(n) * total;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0.0) continue;
    chosen = i;
    left -= weights[i];
    if (left < 0.0) break;
  }
  return chosen;
}

}  // namespace

std::vector<int> draw_lengths(std::span<const LengthRange> ranges, const LengthBounds& bounds,
                              const std::function<std::uint64_t(std::uint64_t)>& below) {
  std::int64_t least = 0, most = 0;
  for (const LengthRange& range : ranges) least += range.least, most += range.most;
  if (least > bounds.most || most < bounds.least) {
    const auto text = [](std::int64_t from, std::int64_t to) {
      return from == to ? fmt::format("{}", from) : fmt::format("{}-{}", from, to);
    };
    fail_usage("--contig adds up to {} residues, but --length is {}; change one of the two", text(least, most),
               text(bounds.least, bounds.most));
  }
  std::vector<int> lengths;
  if (least >= bounds.least && most <= bounds.most) {
    for (const LengthRange& range : ranges) {
      const auto choices = static_cast<std::uint64_t>(range.most - range.least) + 1;
      lengths.push_back(range.least + (choices == 1 ? 0 : static_cast<int>(below(choices))));
    }
    return lengths;
  }

  constexpr std::uint64_t kFine = std::uint64_t{1} << 53;
  const std::int64_t at_most = bounds.most - least;  // of the excess over the least lengths
  const auto share = combinations(ranges, at_most);
  const std::int64_t at_least = std::max<std::int64_t>(0, bounds.least - least);
  std::vector<double> totals(share[0].begin(), share[0].end());
  std::fill_n(totals.begin(), std::min<std::int64_t>(at_least, static_cast<std::int64_t>(totals.size())), 0.0);
  auto excess = static_cast<std::int64_t>(draw_weighted(totals, below(kFine), kFine));
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    std::vector<double> weights;
    for (std::int64_t more = 0; more <= std::min<std::int64_t>(excess, ranges[k].most - ranges[k].least); ++more) {
      const auto rest = static_cast<std::size_t>(excess - more);
      weights.push_back(rest < share[k + 1].size() ? share[k + 1][rest] : 0.0);
    }
    const auto more = static_cast<std::int64_t>(draw_weighted(weights, below(kFine), kFine));
    lengths.push_back(ranges[k].least + static_cast<int>(more));
    excess -= more;
  }
  return lengths;
}

}  // namespace flashrna
