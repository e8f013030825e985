#include "rna/pairs/length_distribution.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr int kSingleLengths = 11;  // bins of one length: 0 .. 10
constexpr double kBinGrowth = 1.25;

int next_edge(int edge) {
  if (edge < kSingleLengths) return edge + 1;
  return std::max(edge + 2, static_cast<int>(std::floor(kBinGrowth * edge)));
}

}  // namespace

int first_length_of_bin(int bin) {
  if (bin <= kSingleLengths) return bin;
  int edge = kSingleLengths;
  for (int b = kSingleLengths; b < bin; ++b) edge = next_edge(edge);
  return edge;
}

int length_bin(int length) {
  if (length < kSingleLengths) return length;
  int bin = kSingleLengths;
  for (int edge = next_edge(kSingleLengths); edge <= length; edge = next_edge(edge)) ++bin;
  return bin;
}

int LengthDistribution::first_of_tail() const {
  return first_length_of_bin(length_bin(shortest) + static_cast<int>(of_bin.size()));
}

double LengthDistribution::weight(int length) const {
  if (length < shortest) return 0.0;
  const int beyond = length - first_of_tail();
  if (beyond >= 0) return tail * (1.0 - tail_ratio) * std::pow(tail_ratio, beyond);
  const int bin = length_bin(length);
  const int first = std::max(shortest, first_length_of_bin(bin));
  return of_bin[static_cast<std::size_t>(bin - length_bin(shortest))] / (first_length_of_bin(bin + 1) - first);
}

std::vector<double> LengthDistribution::weights(int longest) const {
  std::vector<double> all(static_cast<std::size_t>(longest) + 1, 0.0);
  const int tail_start = first_of_tail();
  double in_tail = tail * (1.0 - tail_ratio);
  for (int l = 0; l <= longest; ++l) {
    all[static_cast<std::size_t>(l)] = l < tail_start ? weight(l) : in_tail;
    if (l >= tail_start) in_tail *= tail_ratio;
  }
  return all;
}

LengthDistribution fit_length_distribution(int shortest, std::span<const double> counts) {
  double total = 0.0, sum = 0.0;
  int longest = shortest;
  for (int l = 0; l < static_cast<int>(counts.size()); ++l) {
    const double count = counts[static_cast<std::size_t>(l)];
    if (count == 0.0) continue;
    if (l < shortest) fail("length distribution: length {} is below the shortest possible, {}", l, shortest);
    total += count;
    sum += count * l;
    longest = std::max(longest, l);
  }
  const double scale = total > 0.0 ? std::max(1.0, sum / total - shortest) : 1.0;
  const auto prior_from = [&](int length) { return 1.0 / (1.0 + (length - shortest) / scale); };
  LengthDistribution fitted;
  fitted.shortest = shortest;
  const int last = length_bin(longest) + 1;
  for (int bin = length_bin(shortest); bin <= last; ++bin) {
    const int first = std::max(shortest, first_length_of_bin(bin)), end = first_length_of_bin(bin + 1);
    double observed = prior_from(first) - prior_from(end);
    for (int l = first; l < std::min<int>(end, static_cast<int>(counts.size())); ++l)
      observed += counts[static_cast<std::size_t>(l)];
    fitted.of_bin.push_back(observed / (total + 1.0));
  }
  const int end = first_length_of_bin(last + 1);
  fitted.tail = prior_from(end) / (total + 1.0);
  const double excess = end - first_length_of_bin(last);
  fitted.tail_ratio = excess / (1.0 + excess);
  return fitted;
}

}  // namespace flashrna
