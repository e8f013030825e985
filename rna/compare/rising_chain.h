// The heaviest chain of weighted pairs (i, j) in which both numbers strictly increase.
#pragma once

#include <span>
#include <utility>
#include <vector>

namespace flashrna {

class RisingChain {
 public:
  // All j must be below `n_targets`.
  explicit RisingChain(std::size_t n_targets) : best_(n_targets + 1) {}

  // `pairs` are ordered by increasing i. Returns the chain's weight; chain() then holds the indices of its pairs in
  // `pairs`. Takes n log n_targets time.
  float find(std::span<const std::pair<int, int>> pairs, std::span<const float> weights);
  const std::vector<int>& chain() const { return chain_; }

 private:
  struct Entry {
    float weight = 0.0f;
    int last = -1;  // index into `pairs`
  };
  std::vector<Entry> best_;  // binary indexed tree of prefix maxima over j
  std::vector<int> previous_, chain_;
};

}  // namespace flashrna
