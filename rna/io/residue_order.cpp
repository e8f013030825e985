#include "rna/io/residue_order.h"

#include <algorithm>
#include <numeric>

namespace flashrna {
namespace {

using Order = std::vector<std::size_t>;

bool bond_before(const LinkedResidues& residues, const Order& order, std::size_t i) {
  return residues.linked(order[i - 1], order[i]);
}

int count_bonds(const LinkedResidues& residues, const Order& order) {
  int bonds = 0;
  for (std::size_t i = 1; i < order.size(); ++i) bonds += bond_before(residues, order, i);
  return bonds;
}

Order file_or_number_order(const LinkedResidues& residues) {
  Order order(residues.numbers.size());
  std::iota(order.begin(), order.end(), 0);
  const auto by_number = [&](std::size_t a, std::size_t b) { return residues.numbers[a] < residues.numbers[b]; };
  if (std::is_sorted(order.begin(), order.end(), by_number)) return order;
  Order sorted = order;
  std::stable_sort(sorted.begin(), sorted.end(), by_number);
  return count_bonds(residues, sorted) > count_bonds(residues, order) ? sorted : order;
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// For each fragment, the fragment whose start is bonded to its end, or kNone. Fragment f is order[starts[f] ..
// starts[f+1]).
std::vector<std::size_t> link_fragments(const LinkedResidues& residues, const Order& order, const Order& starts) {
  const std::size_t n_fragments = starts.size() - 1;
  std::vector<std::size_t> next(n_fragments, kNone);
  std::vector<bool> has_previous(n_fragments, false);
  for (std::size_t from = 0; from < n_fragments; ++from) {
    const std::size_t end = order[starts[from + 1] - 1];
    for (std::size_t to = 0; to < n_fragments && next[from] == kNone; ++to) {
      if (to == from || has_previous[to] || !residues.linked(end, order[starts[to]])) continue;
      next[from] = to;
      has_previous[to] = true;
    }
  }
  return next;
}

}  // namespace

std::vector<std::size_t> chain_order(const LinkedResidues& residues) {
  Order order = file_or_number_order(residues);
  Order starts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || !bond_before(residues, order, i)) starts.push_back(i);
  }
  const std::size_t n_fragments = starts.size();
  if (n_fragments < 2) return order;
  starts.push_back(order.size());

  const std::vector<std::size_t> next = link_fragments(residues, order, starts);
  const auto joints = std::ranges::count_if(next, [](std::size_t fragment) { return fragment != kNone; });
  if (2 * static_cast<std::size_t>(joints) < n_fragments - 1) return order;
  std::vector<bool> is_first(n_fragments, true);
  for (std::size_t fragment : next) {
    if (fragment != kNone) is_first[fragment] = false;
  }
  Order joined;
  joined.reserve(order.size());
  std::vector<bool> done(n_fragments, false);
  // Two rounds: fragments left after the first form rings, which may start anywhere.
  for (const bool rings : {false, true}) {
    for (std::size_t start = 0; start < n_fragments; ++start) {
      if (!rings && !is_first[start]) continue;
      for (std::size_t fragment = start; fragment != kNone && !done[fragment]; fragment = next[fragment]) {
        done[fragment] = true;
        for (std::size_t i = starts[fragment]; i < starts[fragment + 1]; ++i) joined.push_back(order[i]);
      }
    }
  }
  return joined;
}

}  // namespace flashrna
