// A distribution of lengths (of stems, of loops) estimated from few observations. Lengths share bins that widen with
// length: 0, 1, ..., 10, 11-12, 13-15, ..., each about a quarter wider than the one before, with equal probability
// within a bin. Beyond the last bin the probabilities fall geometrically, so that every length is possible.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace flashrna {

// Independent uniform numbers in (0, 1). The caller determines the generator and its stream.
using Uniform = std::function<double()>;

// The bin of a length >= 0, and the first length of a bin.
int length_bin(int length);
int first_length_of_bin(int bin);

struct LengthDistribution {
  int shortest = 0;            // lengths below it are impossible
  std::vector<double> of_bin;  // weight of each bin from that of `shortest` on; they need not sum to 1
  double tail = 0.0;           // total weight of the lengths beyond the last bin
  double tail_ratio = 0.0;     // of the weights of successive lengths there; in [0, 1)

  double weight(int length) const;
  std::vector<double> weights(int longest) const;  // of 0 .. longest
  int first_of_tail() const;                       // shortest length beyond the last bin
};

// `counts[l]`: observations of length l, which may be weighted. The bins reach one beyond the longest observed. One
// more observation is spread over all lengths with P(length >= shortest + k) = 1 / (1 + k / m), m = max(1, mean -
// shortest), so that lengths never observed get small weights that fall slowly up to the last bin; its part beyond the
// bins is `tail`, whose mean excess is the width of the last bin. The weights sum to 1.
LengthDistribution fit_length_distribution(int shortest, std::span<const double> counts);

}  // namespace flashrna
