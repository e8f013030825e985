// The PTX of the kernels with one warp per row, through their own launch code, against the same rows on the host.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_simple_rows.h"
#include "kernels/nearest_neighbors/nearest_neighbors_row.h"
#include "kernels/pair_distance_loss/pair_distance_gpu_row.h"
#include "tests/ptx/device_array.h"
#include "tests/ptx/row_values.h"

namespace flashrna::ptx {
namespace {

template <typename T>
class RowKernelsPtx : public RowKernelTest {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RowKernelsPtx, Types);

// simple backend -----------------------------------------------------------------------------------------------------

// The transposed operand [heads, columns, L] of rows [heads, L, columns].
template <typename T>
std::vector<T> transposed(const std::vector<T>& rows, std::int64_t L, int columns) {
  std::vector<T> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t column = i % columns, row = i / columns % L, head = i / columns / L;
    result[(head * columns + column) * L + row] = rows[i];
  }
  return result;
}

// Operands of the simple backend and its results, on the host in T.
template <typename T>
struct SimpleScene {
  SimpleScene(SimpleSizes sizes, std::vector<std::int64_t> entry_lengths)
      : n(sizes), rows(n.B * n.H * n.L), lengths(std::move(entry_lengths)) {
    for (int h = 0; h < n.H; ++h) weights.push_back(static_cast<T>(0.2 + 0.1 * h));
    queries = waves<T>(rows * n.logit_columns, 0.1, 0.5);
    keys = waves<T>(rows * n.logit_columns, 0.7, 0.5);
    values = waves<T>(rows * n.value_columns, 0.2);
    gradients = waves<T>(rows * n.value_columns, 0.3);
    for (std::vector<T>* x : {&output, &d_values}) x->assign(rows * n.value_columns, 0);
    for (std::vector<T>* x : {&d_queries, &d_keys}) x->assign(rows * n.logit_columns, 0);
    for (std::vector<T>* x : {&log_sum_exp, &delta, &d_weight_rows}) x->assign(rows, 0);
  }

  template <typename U>
  SimpleScene<U> as() const {
    SimpleScene<U> other(n, lengths);
    other.weights.assign(weights.begin(), weights.end());
    other.queries.assign(queries.begin(), queries.end());
    other.keys.assign(keys.begin(), keys.end());
    other.values.assign(values.begin(), values.end());
    other.gradients.assign(gradients.begin(), gradients.end());
    return other;
  }

  void find_delta() {
    for (std::int64_t row = 0; row < rows; ++row) {
      delta[row] = 0;
      for (int c = 0; c < n.value_columns; ++c)
        delta[row] += output[row * n.value_columns + c] * gradients[row * n.value_columns + c];
    }
  }

  SimpleSizes n;
  std::int64_t rows;
  std::vector<std::int64_t> lengths;
  std::vector<T> weights, queries, keys, values, gradients;
  std::vector<T> output, log_sum_exp, delta, d_queries, d_keys, d_values, d_weight_rows;
};

void run_on_host(SimpleScene<double>& s) {
  const std::vector<double> queries_t = transposed(s.queries, s.n.L, s.n.logit_columns),
                            keys_t = transposed(s.keys, s.n.L, s.n.logit_columns),
                            values_t = transposed(s.values, s.n.L, s.n.value_columns),
                            gradients_t = transposed(s.gradients, s.n.L, s.n.value_columns);
  std::vector<double> scratch(simple_scratch_size(s.n));
  const SimpleForward<double> forward{s.n,           s.lengths.data(), s.weights.data(), s.queries.data(),
                                      keys_t.data(), s.values.data(),  s.output.data(),  s.log_sum_exp.data()};
  for (std::int64_t row = 0; row < s.rows; ++row) forward_row(HostLanes{}, forward, row, scratch.data());
  s.find_delta();
  const SimpleBackward<double> backward{s.n,
                                        s.lengths.data(),
                                        s.weights.data(),
                                        s.queries.data(),
                                        queries_t.data(),
                                        s.keys.data(),
                                        keys_t.data(),
                                        s.values.data(),
                                        values_t.data(),
                                        s.gradients.data(),
                                        gradients_t.data(),
                                        s.log_sum_exp.data(),
                                        s.delta.data(),
                                        s.d_queries.data(),
                                        s.d_keys.data(),
                                        s.d_values.data(),
                                        s.d_weight_rows.data()};
  for (std::int64_t row = 0; row < s.rows; ++row) {
    backward_query_row(HostLanes{}, backward, row, scratch.data());
    backward_key_row(HostLanes{}, backward, row, scratch.data());
  }
}

template <typename T>
void run_on_device(SimpleScene<T>& s) {
  DeviceArray<std::int64_t> lengths(s.lengths);
  DeviceArray<T> weights(s.weights), queries(s.queries), keys(s.keys), values(s.values), gradients(s.gradients),
      queries_t(transposed(s.queries, s.n.L, s.n.logit_columns)), keys_t(transposed(s.keys, s.n.L, s.n.logit_columns)),
      values_t(transposed(s.values, s.n.L, s.n.value_columns)),
      gradients_t(transposed(s.gradients, s.n.L, s.n.value_columns)), output(s.output), log_sum_exp(s.log_sum_exp);
  simple_forward_cuda<T>({s.n, lengths.data(), weights.data(), queries.data(), keys_t.data(), values.data(),
                          output.data(), log_sum_exp.data()},
                         {});
  s.output = output.values();
  s.log_sum_exp = log_sum_exp.values();
  s.find_delta();
  DeviceArray<T> delta(s.delta), d_queries(s.d_queries), d_keys(s.d_keys), d_values(s.d_values),
      d_weight_rows(s.d_weight_rows);
  simple_backward_cuda<T>(
      {s.n, lengths.data(), weights.data(), queries.data(), queries_t.data(), keys.data(), keys_t.data(), values.data(),
       values_t.data(), gradients.data(), gradients_t.data(), log_sum_exp.data(), delta.data(), d_queries.data(),
       d_keys.data(), d_values.data(), d_weight_rows.data()},
      {});
  s.d_queries = d_queries.values();
  s.d_keys = d_keys.values();
  s.d_values = d_values.values();
  s.d_weight_rows = d_weight_rows.values();
}

TYPED_TEST(RowKernelsPtx, SimpleBackendIsTheHostsInF64) {
  for (const auto& [sizes, lengths] : {std::pair{SimpleSizes{2, 2, 75, 18, 42, 70}, std::vector<std::int64_t>{75, 33}},
                                       std::pair{SimpleSizes{2, 1, 5, 6, 12, 9}, std::vector<std::int64_t>{0, 1}}}) {
    SimpleScene<TypeParam> got(sizes, lengths);
    SimpleScene<double> expected = got.template as<double>();
    run_on_host(expected);
    run_on_device(got);
    // A logit is a sum of all columns, and a result one of all keys.
    const int additions = sizes.logit_columns + static_cast<int>(sizes.L);
    expect_near(got.output, expected.output, additions, "output");
    expect_near(got.log_sum_exp, expected.log_sum_exp, additions, "log-sum-exp");
    expect_near(got.d_queries, expected.d_queries, additions, "d queries");
    expect_near(got.d_keys, expected.d_keys, additions, "d keys");
    expect_near(got.d_values, expected.d_values, additions, "d values");
    expect_near(got.d_weight_rows, expected.d_weight_rows, additions, "d weights");
  }
}

// nearest_neighbors and pair_distance_loss ---------------------------------------------------------------------------

template <typename T>
void expect_neighbors(std::int64_t L, const std::vector<std::int64_t>& lengths, std::int64_t k, double self_distance,
                      bool on_grid) {
  const auto B = static_cast<std::int64_t>(lengths.size());
  std::vector<T> positions = waves<T>(B * L * 3, 0.2, 20.0);
  // On a grid many distances are equal.
  for (T& x : positions) x = on_grid ? std::round(x / T(8)) : x;
  const std::size_t results = static_cast<std::size_t>(B * L * k);
  std::vector<std::int64_t> indices(results, -1), scratch(kNeighborScratch);
  std::vector<T> distances(results, 0);
  DeviceArray<T> on_device(positions), device_distances(distances);
  DeviceArray<std::int64_t> device_lengths(lengths), device_indices(indices);
  nearest_neighbors_cuda<T>(
      {B, L, k, self_distance, on_device.data(), device_lengths.data(), device_indices.data(), device_distances.data()},
      {});
  const NeighborRows<T> rows{
      B, L, k, self_distance, positions.data(), lengths.data(), indices.data(), distances.data()};
  for (std::int64_t row = 0; row < B * L; ++row) neighbor_row(HostLanes{}, rows, row, scratch.data());
  EXPECT_EQ(device_indices.values(), indices);
  EXPECT_EQ(device_distances.values(), distances);
}

TYPED_TEST(RowKernelsPtx, NearestNeighborsAreTheHostsBitForBit) {
  expect_neighbors<TypeParam>(70, {70, 41, 0, 1}, 9, 0.0, false);
  expect_neighbors<TypeParam>(60, {60}, 12, 0.0, true);
  expect_neighbors<TypeParam>(40, {0, 40}, 50, 0.5, true);
}

TYPED_TEST(RowKernelsPtx, PairDistanceLossIsTheHosts) {
  for (const std::int64_t N : {90, 600}) {
    const std::int64_t B = N < 100 ? 2 : 1;
    std::vector<TypeParam> truth = waves<TypeParam>(B * N * 3, 0.4, 20.0), predicted = waves<TypeParam>(B * N * 3, 0.9);
    std::vector<char> mask(B * N);
    for (std::int64_t i = 0; i < B * N; ++i) {
      mask[i] = i % 11 != 4;
      for (int axis = 0; axis < 3; ++axis) predicted[3 * i + axis] += truth[3 * i + axis];
      if (!mask[i]) predicted[3 * i] = std::numeric_limits<TypeParam>::quiet_NaN();
    }
    std::vector<double> rows(B * N, 0.0), scratch(kPairDistanceScratch);
    std::vector<TypeParam> gradient(B * N * 3, 0);
    DeviceArray<TypeParam> x(predicted), y(truth), device_gradient(gradient);
    DeviceArray<char> device_mask(mask);
    DeviceArray<double> device_rows(rows);
    pair_distance_rows_cuda<TypeParam>({B, N, x.data(), y.data(), reinterpret_cast<const bool*>(device_mask.data()),
                                        device_rows.data(), device_gradient.data()},
                                       {});
    const PairDistanceRows<TypeParam> on_host{
        B, N, predicted.data(), truth.data(), reinterpret_cast<const bool*>(mask.data()), rows.data(), gradient.data()};
    for (std::int64_t row = 0; row < B * N; ++row) pair_distance_gpu_row(HostLanes{}, on_host, row, scratch.data());
    // The device contracts multiplications with additions. A distance has few of them, and 16 terms are summed in
    // TypeParam before f64.
    const std::vector<double> got = device_rows.values();
    expect_near(std::vector<TypeParam>(got.begin(), got.end()), rows, 32, "rows");
    expect_near(device_gradient.values(), in_f64(gradient), 32, "gradient");
  }
}

TEST(ProbePtx, ReportsTheArchitectureOfTheCode) {
  Device::get().findings.clear();
  EXPECT_EQ(probe_cuda_architecture({}), 80);
  EXPECT_EQ(Device::get().findings.text(), "");
}

}  // namespace
}  // namespace flashrna::ptx
