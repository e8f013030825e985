// Plans which chains share a batch, from their lengths alone: similar lengths together, so that little is padded, every
// chain once per epoch. Reads no data and holds no state: an epoch's plan is a function of its random source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace flashrna {

// Limits of one batch of B chains padded to L residues. A chain beyond them runs alone.
struct BatchBudget {
  int batch_size = 1;                     // B at most; >= 1
  std::int64_t max_residues = 0;          // B L at most; 0 = no limit
  std::int64_t max_residues_squared = 0;  // B L² at most; 0 = no limit
};

using BatchPlan = std::vector<std::vector<std::size_t>>;  // by batch: indices into `lengths`

// Uniform in 0..n-1.
using RandomBelow = std::function<std::uint64_t(std::uint64_t n)>;

// The chains in random order, sorted by length up to a jitter of 10 % (so that neighbors change between epochs), cut
// greedily into batches within the budget, and the batches in random order. Throws Error for a batch_size below 1.
BatchPlan plan_epoch(std::span<const int> lengths, const BatchBudget& budget, const RandomBelow& random_below);

// Batches of equal lengths in the order given: what sampling needs, where padding would only cost time. Throws Error
// for a batch_size below 1.
BatchPlan plan_equal_lengths(std::span<const int> lengths, const BatchBudget& budget);

// A random permutation of 0..n-1 (Fisher-Yates).
std::vector<std::size_t> random_order(std::size_t n, const RandomBelow& random_below);

}  // namespace flashrna
