// Plans which chains share a batch, from their lengths alone. Similar lengths go together to limit padding, and every
// chain occurs once per epoch. Reads no data and has no state: the plan depends only on the random source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace flashrna {

// Limits of one batch of B chains padded to L residues. A chain that exceeds them gets a batch of its own.
struct BatchBudget {
  int batch_size = 1;                     // largest B; >= 1
  std::int64_t max_residues = 0;          // largest B L; 0 = no limit
  std::int64_t max_residues_squared = 0;  // largest B L²; 0 = no limit
};

using BatchPlan = std::vector<std::vector<std::size_t>>;  // indices into `lengths`, by batch

// Returns a uniform random number in 0..n-1.
using RandomBelow = std::function<std::uint64_t(std::uint64_t n)>;

// Sorts the chains by length with a jitter of 10 % (so that batches differ between epochs), cuts them greedily into
// batches within the budget, and shuffles the batches. Throws Error for a batch_size below 1.
BatchPlan plan_epoch(std::span<const int> lengths, const BatchBudget& budget, const RandomBelow& random_below);

// Batches of equal lengths, in the order given: for sampling, where padding would only cost time. Throws Error for a
// batch_size below 1.
BatchPlan plan_equal_lengths(std::span<const int> lengths, const BatchBudget& budget);

// A random permutation of 0..n-1 (Fisher-Yates).
std::vector<std::size_t> random_order(std::size_t n, const RandomBelow& random_below);

}  // namespace flashrna
