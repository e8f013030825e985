#include "rna/compare/rising_chain.h"

#include <algorithm>

namespace flashrna {

float RisingChain::find(std::span<const std::pair<int, int>> pairs, std::span<const float> weights) {
  std::fill(best_.begin(), best_.end(), Entry{});
  previous_.resize(pairs.size());
  Entry top;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const std::size_t j = static_cast<std::size_t>(pairs[k].second);
    Entry before;  // heaviest chain that ends below j
    for (std::size_t at = j; at > 0; at &= at - 1) {
      if (best_[at].weight > before.weight) before = best_[at];
    }
    previous_[k] = before.last;
    const Entry here{before.weight + weights[k], static_cast<int>(k)};
    for (std::size_t at = j + 1; at < best_.size(); at += at & (~at + 1)) {
      if (here.weight > best_[at].weight) best_[at] = here;
    }
    if (here.weight > top.weight) top = here;
  }
  chain_.clear();
  for (int k = top.last; k >= 0; k = previous_[static_cast<std::size_t>(k)]) chain_.push_back(k);
  std::reverse(chain_.begin(), chain_.end());
  return top.weight;
}

}  // namespace flashrna
