#include "libfold/flow/coupling.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

double cost_of(const Tensor& costs, const std::vector<int64_t>& permutation) {
  double sum = 0.0;
  for (std::size_t i = 0; i < permutation.size(); ++i) sum += costs[i][permutation[i]].item<double>();
  return sum;
}

double smallest_cost(const Tensor& costs) {
  std::vector<int64_t> permutation(costs.size(0));
  std::iota(permutation.begin(), permutation.end(), 0);
  double smallest = cost_of(costs, permutation);
  while (std::next_permutation(permutation.begin(), permutation.end()))
    smallest = std::min(smallest, cost_of(costs, permutation));
  return smallest;
}

TEST(MinimumCostAssignment, EqualsExhaustiveSearch) {
  RandomStream stream(1, "costs");
  for (int64_t n = 1; n <= 7; ++n) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      // Small integers give many ties; negative costs are allowed.
      const Tensor costs = repeat % 2 == 0 ? stream.normal({n, n}) : (stream.uniform({n, n}) * 4).floor();
      EXPECT_NEAR(cost_of(costs, minimum_cost_assignment(costs)), smallest_cost(costs), 1e-12);
    }
  }
  EXPECT_TRUE(minimum_cost_assignment(at::zeros({0, 0}, at::kDouble)).empty());
}

TEST(MinimumCostAssignment, FindsAHiddenPermutationAmongMany) {
  RandomStream stream(2, "hidden");
  const int64_t n = 150;
  std::vector<int64_t> hidden(n);
  std::iota(hidden.begin(), hidden.end(), 0);
  for (int64_t i = n - 1; i > 0; --i) std::swap(hidden[i], hidden[stream.below(i + 1)]);
  // Potentials do not change the optimum: costs u_i + v_j, plus a positive value everywhere except on the permutation.
  Tensor costs = stream.normal({n, 1}) + stream.normal({1, n}) + stream.uniform({n, n});
  for (int64_t i = 0; i < n; ++i) costs[i][hidden[i]] -= 1.0;
  EXPECT_EQ(minimum_cost_assignment(costs), hidden);
}

TEST(MinimumCostAssignment, RefusesWhatItCannotSolve) {
  EXPECT_THROW(minimum_cost_assignment(at::zeros({2, 3}, at::kDouble)), c10::Error);
  EXPECT_THROW(minimum_cost_assignment(at::full({2, 2}, NAN, at::kDouble)), c10::Error);
}

TEST(Kabsch, RecoversAKnownRotation) {
  RandomStream stream(3, "kabsch");
  const Tensor target = stream.normal({30, 3}) * 10;
  const Tensor rotations = so3_exp(stream.normal({5, 3}));
  const Tensor mobile = at::matmul(target, rotations.transpose(1, 2)) + stream.normal({5, 1, 3}) * 100;
  expect_close("rotation", kabsch_rotations(mobile, target), rotations, 1e-12);
}

TEST(Kabsch, NeverReflects) {
  RandomStream stream(4, "mirror");
  const Tensor target = stream.normal({20, 3}), mirrored = target * at::tensor({1.0, 1.0, -1.0}, at::kDouble);
  for (const Tensor& mobile : {mirrored, target.narrow(0, 0, 1).expand({20, 3}), target * 0.0})
    expect_close("det", at::linalg_det(kabsch_rotations(mobile.unsqueeze(0), target)), at::ones({1}, at::kDouble),
                 1e-12);
}

struct Minibatch {
  Tensor noise, data, lengths;
  std::vector<double> sigmas;
  std::vector<TranslationPrior> priors() const { return {sigmas.begin(), sigmas.end()}; }
};

Minibatch make_minibatch(const std::vector<int64_t>& lengths, int64_t padded_length) {
  RandomStream stream(5, "minibatch");
  const auto B = static_cast<int64_t>(lengths.size());
  Minibatch m{at::empty({B, padded_length, 3}, at::kDouble), at::zeros({B, padded_length, 3}, at::kDouble),
              at::tensor(lengths, at::kLong), std::vector<double>(B, 10.0)};
  for (int64_t b = 0; b < B; ++b) {
    m.noise[b].copy_(RandomStream(6, "noise", {std::uint64_t(b)}).normal({padded_length, 3}));
    const Tensor chain = stream.normal({lengths[b], 3}) * 8;
    m.data[b].narrow(0, 0, lengths[b]).copy_(chain - chain.mean(0));
  }
  return m;
}

TEST(Coupling, PaddingNeverCounts) {
  const std::vector<int64_t> lengths = {9, 17, 5, 1, 12};
  const Minibatch tight = make_minibatch(lengths, 17), wide = make_minibatch(lengths, 40);
  const Coupling a = couple(tight.noise, tight.data, tight.lengths, tight.priors());
  const Coupling b = couple(wide.noise, wide.data, wide.lengths, wide.priors());
  EXPECT_EQ(a.datum_of_noise, b.datum_of_noise);
  expect_close("costs", b.costs, a.costs, 1e-12);
  expect_close("noise", b.noise.narrow(1, 0, 17), a.noise, 1e-12);
  EXPECT_EQ(b.noise.narrow(1, 17, 23).abs().max().item<double>(), 0.0);
}

TEST(Coupling, NoiseIsScaledCenteredAndKeepsItsShape) {
  Minibatch m = make_minibatch({9, 17, 5, 12}, 17);
  m.sigmas = {10.0, 20.0, 30.0, 40.0};
  const Coupling coupling = couple(m.noise, m.data, m.lengths, m.priors());
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t j = coupling.datum_of_noise[i], n = m.lengths[j].item<int64_t>();
    const Tensor got = coupling.noise[j].narrow(0, 0, n);
    EXPECT_LE(got.mean(0).abs().max().item<double>(), 1e-12);
    // A rotation preserves all scalar products.
    const Tensor drawn = m.noise[i].narrow(0, 0, n), centered = (drawn - drawn.mean(0)) * m.sigmas[j];
    expect_close("Gram matrix", at::matmul(got, got.t()), at::matmul(centered, centered.t()), 1e-12);
    expect_close("cost", (got - m.data[j].narrow(0, 0, n)).square().sum(-1).sqrt().mean(), coupling.costs[i][j], 1e-12);
  }
}

TEST(Coupling, TotalCostIsTheSmallestOfAllPermutations) {
  const Minibatch m = make_minibatch({20, 20, 20, 20, 20, 20}, 20);
  const Coupling coupling = couple(m.noise, m.data, m.lengths, m.priors());
  EXPECT_NEAR(cost_of(coupling.costs, coupling.datum_of_noise), smallest_cost(coupling.costs), 1e-12);
}

}  // namespace
}  // namespace flashrna
