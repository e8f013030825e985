// The arithmetic of the simple backend, one row of the attention matrix at a time: forward, and backward for a query
// and for a key. Logits follow the equation as printed, with explicit differences of the points. Sums over keys or
// queries run in blocks of 32 in ascending order, so the result is the same in every run. The GPU kernels and the loops
// on the host call the same functions.
#pragma once

#include <cmath>

#include "kernels/flash_ipa/flash_ipa_simple.h"
#include "kernels/host_device.h"
#include "kernels/lanes.h"
#include "kernels/lengths.h"

namespace flashrna {

// ---- one pair ----

template <typename T>
struct PairLogit {
  T logit;
  T squared_distance;  // summed over points
};

// Logit of the row `fixed` [D] and row `j` of the transposed operand `others` [D, L].
template <typename T>
FLASHRNA_HOST_DEVICE PairLogit<T> pair_logit(const SimpleSizes& n, const T* fixed, const T* others, std::int64_t j,
                                             T weight) {
  T products = 0, squares = 0;
  for (int d = 0; d < n.product_columns; ++d) products += fixed[d] * others[d * n.L + j];
  for (int d = n.product_columns; d < n.logit_columns; ++d) {
    const T apart = fixed[d] - others[d * n.L + j];
    squares += apart * apart;
  }
  return {products - T(0.5) * weight * squares, squares};
}

// Derivative of a pair's logit with respect to column d of the row `fixed`.
template <typename T>
FLASHRNA_HOST_DEVICE T logit_derivative(const SimpleSizes& n, int d, T fixed, T other, T weight) {
  return d < n.product_columns ? other : weight * (other - fixed);
}

// Gradient of column d of the row `fixed` from its pairs with `count` rows of `others` [L, logit_columns], starting at
// `begin`: the sum of each pair's slope dL/dlogit times the derivative of its logit.
template <typename T>
FLASHRNA_HOST_DEVICE T logit_gradient(const SimpleSizes& n, int d, const T* fixed, const T* others, const T* slopes,
                                      std::int64_t begin, std::int64_t count, T weight) {
  T sum = 0;
  for (std::int64_t t = 0; t < count; ++t)
    sum += slopes[t] * logit_derivative(n, d, fixed[d], others[(begin + t) * n.logit_columns + d], weight);
  return sum;
}

// Product of the row `fixed` [value_columns] with row `j` of `others` [value_columns, L].
template <typename T>
FLASHRNA_HOST_DEVICE T value_product(const SimpleSizes& n, const T* fixed, const T* others, std::int64_t j) {
  T sum = 0;
  for (int column = 0; column < n.value_columns; ++column) sum += fixed[column] * others[column * n.L + j];
  return sum;
}

// Row `item` of all rows of a batch, [B, H, L].
struct SimpleRow {
  std::int64_t head;    // first row of its head; in an operand [B, H, L, columns] multiply by the number of columns
  std::int64_t i;       // residue index
  std::int64_t length;  // length of its sequence
  std::int64_t h;
};

FLASHRNA_HOST_DEVICE SimpleRow simple_row(const SimpleSizes& n, const std::int64_t* lengths, std::int64_t item) {
  const std::int64_t head = item / n.L;
  return {head * n.L, item % n.L, cut_length(lengths[head / n.H], n.L), head % n.H};
}

// ---- rows ----
//
// `item` is an index into [B, H, L]. A row at or beyond its length is skipped. `scratch` holds simple_scratch_size(n)
// elements that are visible to all lanes.

// Computes output and log-sum-exp by online softmax.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void forward_row(const Lanes& lanes, const SimpleForward<T>& a, std::int64_t item, T* scratch) {
  const SimpleSizes n = a.sizes;
  const SimpleRow row = simple_row(n, a.lengths, item);
  const std::int64_t head = row.head, i = row.i, length = row.length;
  if (i >= length) return;
  const T* keys = a.keys_transposed + head * n.logit_columns;
  const T* values = a.values + head * n.value_columns;
  const T weight = a.weights[row.h];
  T *query = scratch, *sums = query + n.logit_columns, *logits = sums + n.value_columns, *shares = logits + kLanes;
  lanes.share(n.logit_columns, [&](std::int64_t d) { query[d] = a.queries[(head + i) * n.logit_columns + d]; });
  lanes.share(n.value_columns, [&](std::int64_t column) { sums[column] = 0; });
  lanes.sync();

  const T lowest = T(-1e30);  // finite, so that the difference of two is not NaN
  T highest = lowest, total = 0;
  for (std::int64_t begin = 0; begin < length; begin += kLanes) {
    const std::int64_t keys_here = length - begin < kLanes ? length - begin : kLanes;
    lanes.each([&](int lane) {
      logits[lane] = lane < keys_here ? pair_logit(n, query, keys, begin + lane, weight).logit : lowest;
    });
    lanes.sync();
    const T block_highest = max_over(lanes, logits);
    const T raised = block_highest > highest ? block_highest : highest;
    const T shrink = std::exp(highest - raised);
    lanes.each([&](int lane) { shares[lane] = lane < keys_here ? std::exp(logits[lane] - raised) : T(0); });
    lanes.sync();
    total = total * shrink + sum_over(lanes, shares);
    highest = raised;
    lanes.share(n.value_columns, [&](std::int64_t column) {
      T sum = 0;
      for (std::int64_t t = 0; t < keys_here; ++t) sum += shares[t] * values[(begin + t) * n.value_columns + column];
      sums[column] = sums[column] * shrink + sum;
    });
    lanes.sync();
  }
  lanes.share(n.value_columns,
              [&](std::int64_t column) { a.output[(head + i) * n.value_columns + column] = sums[column] / total; });
  lanes.each([&](int lane) {
    if (lane == 0) a.log_sum_exp[head + i] = highest + std::log(total);
  });
}

// Backward of a query: writes d_queries, and to d_weight_rows the row's contribution to the gradient of the head's
// weight.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void backward_query_row(const Lanes& lanes, const SimpleBackward<T>& a, std::int64_t item,
                                             T* scratch) {
  const SimpleSizes n = a.sizes;
  const SimpleRow row = simple_row(n, a.lengths, item);
  const std::int64_t head = row.head, i = row.i, length = row.length;
  if (i >= length) return;
  const T* keys = a.keys + head * n.logit_columns;
  const T* keys_transposed = a.keys_transposed + head * n.logit_columns;
  const T* values_transposed = a.values_transposed + head * n.value_columns;
  const T weight = a.weights[row.h], log_sum_exp = a.log_sum_exp[head + i], delta = a.delta[head + i];
  T *query = scratch, *gradient = query + n.logit_columns, *sums = gradient + n.value_columns,
    *slopes = sums + n.logit_columns, *by_weight = slopes + kLanes;
  lanes.share(n.logit_columns, [&](std::int64_t d) {
    query[d] = a.queries[(head + i) * n.logit_columns + d];
    sums[d] = 0;
  });
  lanes.share(n.value_columns,
              [&](std::int64_t column) { gradient[column] = a.gradients[(head + i) * n.value_columns + column]; });
  lanes.each([&](int lane) { by_weight[lane] = 0; });
  lanes.sync();

  for (std::int64_t begin = 0; begin < length; begin += kLanes) {
    const std::int64_t keys_here = length - begin < kLanes ? length - begin : kLanes;
    lanes.each([&](int lane) {
      slopes[lane] = 0;
      if (lane >= keys_here) return;
      const PairLogit<T> pair = pair_logit(n, query, keys_transposed, begin + lane, weight);
      const T share = std::exp(pair.logit - log_sum_exp);
      slopes[lane] = share * (value_product(n, gradient, values_transposed, begin + lane) - delta);
      by_weight[lane] -= T(0.5) * slopes[lane] * pair.squared_distance;
    });
    lanes.sync();
    lanes.share(n.logit_columns, [&](std::int64_t d) {
      sums[d] += logit_gradient(n, static_cast<int>(d), query, keys, slopes, begin, keys_here, weight);
    });
    lanes.sync();
  }
  lanes.share(n.logit_columns, [&](std::int64_t d) { a.d_queries[(head + i) * n.logit_columns + d] = sums[d]; });
  const T row_by_weight = sum_over(lanes, by_weight);
  lanes.each([&](int lane) {
    if (lane == 0) a.d_weight_rows[head + i] = row_by_weight;
  });
}

// Backward of a key: writes d_keys and d_values.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void backward_key_row(const Lanes& lanes, const SimpleBackward<T>& a, std::int64_t item,
                                           T* scratch) {
  const SimpleSizes n = a.sizes;
  const SimpleRow row = simple_row(n, a.lengths, item);
  const std::int64_t head = row.head, j = row.i, length = row.length;
  if (j >= length) return;
  const T* queries = a.queries + head * n.logit_columns;
  const T* queries_transposed = a.queries_transposed + head * n.logit_columns;
  const T* gradients = a.gradients + head * n.value_columns;
  const T* gradients_transposed = a.gradients_transposed + head * n.value_columns;
  const T weight = a.weights[row.h];
  T *key = scratch, *value = key + n.logit_columns, *key_sums = value + n.value_columns,
    *value_sums = key_sums + n.logit_columns, *shares = value_sums + n.value_columns, *slopes = shares + kLanes;
  lanes.share(n.logit_columns, [&](std::int64_t d) {
    key[d] = a.keys[(head + j) * n.logit_columns + d];
    key_sums[d] = 0;
  });
  lanes.share(n.value_columns, [&](std::int64_t column) {
    value[column] = a.values[(head + j) * n.value_columns + column];
    value_sums[column] = 0;
  });
  lanes.sync();

  for (std::int64_t begin = 0; begin < length; begin += kLanes) {
    const std::int64_t queries_here = length - begin < kLanes ? length - begin : kLanes;
    lanes.each([&](int lane) {
      shares[lane] = slopes[lane] = 0;
      if (lane >= queries_here) return;
      const std::int64_t i = begin + lane;
      shares[lane] = std::exp(pair_logit(n, key, queries_transposed, i, weight).logit - a.log_sum_exp[head + i]);
      slopes[lane] = shares[lane] * (value_product(n, value, gradients_transposed, i) - a.delta[head + i]);
    });
    lanes.sync();
    lanes.share(n.logit_columns, [&](std::int64_t d) {
      key_sums[d] += logit_gradient(n, static_cast<int>(d), key, queries, slopes, begin, queries_here, weight);
    });
    lanes.share(n.value_columns, [&](std::int64_t column) {
      T sum = 0;
      for (std::int64_t t = 0; t < queries_here; ++t)
        sum += shares[t] * gradients[(begin + t) * n.value_columns + column];
      value_sums[column] += sum;
    });
    lanes.sync();
  }
  lanes.share(n.logit_columns, [&](std::int64_t d) { a.d_keys[(head + j) * n.logit_columns + d] = key_sums[d]; });
  lanes.share(n.value_columns,
              [&](std::int64_t column) { a.d_values[(head + j) * n.value_columns + column] = value_sums[column]; });
}

}  // namespace flashrna
