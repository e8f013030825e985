#include "datasets/batches.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace flashrna {
namespace {

void check_budget(const BatchBudget& budget) {
  if (budget.batch_size < 1) fail("batch size {}: must be at least 1", budget.batch_size);
}

// Whether `count` chains padded to `length` stay within the budget.
bool fits(std::int64_t count, std::int64_t length, const BatchBudget& budget) {
  return count <= budget.batch_size && (budget.max_residues == 0 || count * length <= budget.max_residues) &&
         (budget.max_residues_squared == 0 || count * length * length <= budget.max_residues_squared);
}

// Cuts `order` greedily into batches and keeps the order.
BatchPlan cut(std::span<const std::size_t> order, std::span<const int> lengths, const BatchBudget& budget,
              bool equal_lengths) {
  BatchPlan plan;
  int longest = 0;
  for (std::size_t chain : order) {
    const int length = lengths[chain];
    const bool joins = !plan.empty() && (!equal_lengths || length == longest) &&
                       fits(static_cast<std::int64_t>(plan.back().size()) + 1, std::max(longest, length), budget);
    longest = joins ? std::max(longest, length) : length;
    if (!joins) plan.emplace_back();
    plan.back().push_back(chain);
  }
  return plan;
}

}  // namespace

std::vector<std::size_t> random_order(std::size_t n, const RandomBelow& random_below) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random_below(i)]);
  return order;
}

BatchPlan plan_epoch(std::span<const int> lengths, const BatchBudget& budget, const RandomBelow& random_below) {
  check_budget(budget);
  std::vector<std::size_t> order = random_order(lengths.size(), random_below);

  // Integer keys give the same order on every machine: length in thousandths, increased by up to a tenth at random.
  std::vector<std::uint64_t> key(lengths.size());
  for (std::size_t chain : order) {
    const auto length = static_cast<std::uint64_t>(lengths[chain]);
    key[chain] = 1000 * length + random_below(100 * length + 1);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });

  const BatchPlan by_length = cut(order, lengths, budget, false);
  BatchPlan plan;
  plan.reserve(by_length.size());
  for (std::size_t batch : random_order(by_length.size(), random_below)) plan.push_back(by_length[batch]);
  return plan;
}

BatchPlan plan_equal_lengths(std::span<const int> lengths, const BatchBudget& budget) {
  check_budget(budget);
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return cut(order, lengths, budget, true);
}

}  // namespace flashrna
