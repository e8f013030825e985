#include "kernels/nearest_neighbors/nearest_neighbors.h"

#include <ATen/Dispatch.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/nearest_neighbors/nearest_neighbors_row.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

using at::Tensor;

struct Case {
  const char* name;
  std::vector<int64_t> lengths;
  int64_t k;
  double self_distance;
  bool on_a_grid;  // integer positions, which give many exact ties
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

Tensor positions_of(const Case& c) {
  const int64_t B = static_cast<int64_t>(c.lengths.size());
  const int64_t L = B == 0 ? 0 : *std::max_element(c.lengths.begin(), c.lengths.end());
  const Tensor wave = at::arange(B * L * 3, at::kDouble).mul(1.37).add(0.2).sin().mul(20.0).view({B, L, 3});
  return c.on_a_grid ? (wave / 8.0).round() : wave;
}

class NearestNeighborsOf : public testing::TestWithParam<Case> {};

TEST_P(NearestNeighborsOf, EqualsTheDefinitionExactly) {
  const Case& c = GetParam();
  const Tensor lengths = at::tensor(c.lengths, at::kLong);
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
    const Tensor positions = positions_of(c).to(dtype);
    const NearestNeighborsOptions options{.self_distance = c.self_distance};
    const NearestNeighbors got = nearest_neighbors(positions, lengths, c.k, options);
    const NearestNeighbors expected = nearest_neighbors_reference(positions, lengths, c.k, options);
    const NearestNeighbors blocks = nearest_neighbors_in_blocks(positions, lengths, c.k, options);
    EXPECT_TRUE(at::equal(got.indices, expected.indices)) << dtype;
    EXPECT_TRUE(at::equal(blocks.indices, expected.indices)) << dtype;
    // The same sum of squares with its three terms in a different order: one rounding.
    const double rounding = dtype == at::kFloat ? 2e-7 : 4e-16;
    EXPECT_TRUE(at::allclose(got.distances, expected.distances, rounding, 0.0)) << dtype;
    EXPECT_TRUE(at::allclose(blocks.distances, expected.distances, rounding, 0.0)) << dtype;
  }
}

// The GPU's row function in a loop on the host.
NearestNeighbors rows_on_host(const Tensor& positions, const Tensor& lengths, int64_t k, double self_distance) {
  const int64_t B = positions.size(0), L = positions.size(1);
  NearestNeighbors result{at::full({B, L, k}, -1, lengths.options()), at::zeros({B, L, k}, positions.options())};
  std::vector<std::int64_t> scratch(kNeighborScratch);
  AT_DISPATCH_FLOATING_TYPES(positions.scalar_type(), "nearest_neighbors", [&] {
    const NeighborRows<scalar_t> rows{.B = B,
                                      .L = L,
                                      .k = k,
                                      .self_distance = self_distance,
                                      .positions = positions.const_data_ptr<scalar_t>(),
                                      .lengths = lengths.const_data_ptr<int64_t>(),
                                      .indices = result.indices.mutable_data_ptr<int64_t>(),
                                      .distances = result.distances.mutable_data_ptr<scalar_t>()};
    for (int64_t item = 0; item < B * L; ++item) neighbor_row(HostLanes(), rows, item, scratch.data());
  });
  return result;
}

TEST_P(NearestNeighborsOf, RowsOfTheGpuEqualThoseOfTheCpuBitForBit) {
  const Case& c = GetParam();
  const Tensor lengths = at::tensor(c.lengths, at::kLong);
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
    const Tensor positions = positions_of(c).to(dtype);
    const NearestNeighbors expected = nearest_neighbors(positions, lengths, c.k, {.self_distance = c.self_distance});
    const NearestNeighbors got = rows_on_host(positions, lengths, c.k, c.self_distance);
    EXPECT_TRUE(at::equal(got.indices, expected.indices)) << dtype;
    EXPECT_TRUE(at::equal(got.distances, expected.distances)) << dtype;
  }
}

TEST_P(NearestNeighborsOf, OnCudaEqualThoseOfTheCpuBitForBit) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  const Case& c = GetParam();
  const Tensor lengths = at::tensor(c.lengths, at::kLong);
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
    const Tensor positions = positions_of(c).to(dtype);
    const NearestNeighborsOptions options{.self_distance = c.self_distance};
    const NearestNeighbors expected = nearest_neighbors(positions, lengths, c.k, options);
    const NearestNeighbors got = nearest_neighbors(positions.to(at::kCUDA), lengths.to(at::kCUDA), c.k, options);
    EXPECT_TRUE(at::equal(got.indices.cpu(), expected.indices)) << dtype;
    EXPECT_TRUE(at::equal(got.distances.cpu(), expected.distances)) << dtype;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, NearestNeighborsOf,
    testing::Values(Case{"one_residue", {1}, 3, 0.0, false}, Case{"two_residues", {2}, 3, 0.0, false},
                    Case{"ragged", {97, 5, 40, 1}, 20, 0.0, false},
                    Case{"ties_take_the_lower_index", {97, 60}, 20, 0.0, true},
                    Case{"published_self", {10, 10}, 10, 1e6, false}, Case{"long", {1025}, 20, 0.0, false},
                    Case{"empty_sequence", {4, 0}, 2, 0.0, false}, Case{"empty_batch", {}, 2, 0.0, false}),
    [](const testing::TestParamInfo<Case>& test) { return test.param.name; });

TEST(NearestNeighborsKnown, OnALineTheNeighborsAreTheOnesBeside) {
  const Tensor line =
      at::tensor({0.0, 1.0, 3.0, 6.0}, at::kDouble).view({1, 4, 1}) * at::tensor({1.0, 0.0, 0.0}, at::kDouble);
  const NearestNeighbors got = nearest_neighbors(line, at::tensor({4}, at::kLong), 2);
  EXPECT_TRUE(at::equal(got.indices, at::tensor({1, 2, 0, 2, 1, 0, 2, 1}, at::kLong).view({1, 4, 2}))) << got.indices;
  EXPECT_TRUE(at::equal(got.distances, at::tensor({1., 3., 1., 2., 2., 3., 3., 5.}, at::kDouble).view({1, 4, 2})));
}

TEST(NearestNeighborsChecks, NameWhatIsWrong) {
  const Tensor positions = at::zeros({2, 3, 3}), lengths = at::tensor({3, 2}, at::kLong);
  EXPECT_THROW(nearest_neighbors(at::zeros({2, 3, 2}), lengths, 1), c10::Error);
  EXPECT_THROW(nearest_neighbors(positions, at::tensor({3}, at::kLong), 1), c10::Error);
  EXPECT_THROW(nearest_neighbors(positions, lengths, 0), c10::Error);
  for (const int64_t wrong : {4, -1}) {
    try {
      nearest_neighbors(positions, at::tensor({int64_t{3}, wrong}, at::kLong), 1);
      ADD_FAILURE() << "no error";
    } catch (const c10::Error& error) {
      EXPECT_EQ(std::string(error.what_without_backtrace()),
                "nearest_neighbors: lengths[1] = " + std::to_string(wrong) + ", must be from 0 to the padded length 3");
    }
  }
}

TEST(NearestNeighborsChecks, AGpuCutsLengthsToThePaddedOne) {
  const Tensor positions = positions_of({"", {9, 9, 9}, 3, 0.0, false});
  const NearestNeighbors expected = rows_on_host(positions, at::tensor({9, 0, 4}, at::kLong), 3, 0.0);
  const NearestNeighbors got = rows_on_host(positions, at::tensor({1000, -7, 4}, at::kLong), 3, 0.0);
  EXPECT_TRUE(at::equal(got.indices, expected.indices));
  EXPECT_TRUE(at::equal(got.distances, expected.distances));
}

}  // namespace
}  // namespace flashrna
