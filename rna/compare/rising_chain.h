// The heaviest chain among weighted pairs (i, j) in which both numbers rise.
#pragma once

#include <span>
#include <utility>
#include <vector>

namespace flashrna {

class RisingChain {
 public:
  // All j are below `n_targets`.
  explicit RisingChain(std::size_t n_targets) : best_(n_targets + 1) {}

  // `pairs` come with rising i. Returns the chain's weight; chain() then holds the places of its pairs in the list.
  // Time n log n_targets.
  float find(std::span<const std::pair<int, int>> pairs, std::span<const float> weights);
  const std::vector<int>& chain() const { return chain_; }

 private:
  struct Entry {
    float weight = 0.0f;
    int last = -1;  // place in the list
  };
  std::vector<Entry> best_;  // binary indexed tree of prefix maxima over j
  std::vector<int> previous_, chain_;
};

}  // namespace flashrna
