// Rates and medians over the structures of a set of RNA or proteins.
#pragma once

#include <functional>
#include <vector>

#include "libfold/evaluation/summary_numbers.h"

namespace flashrna {

// Percent of `whole` that is `part`, both summed over the structures. Takes members of their measures or functions of
// them.
template <typename Set, typename Part, typename Whole>
Maybe rate(const Set& set, Part part, Whole whole) {
  long parts = 0, wholes = 0;
  for (const auto& structure : set.structures) {
    parts += std::invoke(part, structure.measures);
    wholes += std::invoke(whole, structure.measures);
  }
  return share(parts, wholes, 100.0);
}

// Median over the structures for which `value` is defined.
template <typename Set, typename Value>
Maybe median_over(const Set& set, Value value) {
  std::vector<double> values;
  for (const auto& structure : set.structures) {
    if (const Maybe one = value(structure.measures)) values.push_back(*one);
  }
  return median_of(values);
}

}  // namespace flashrna
