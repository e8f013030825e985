#include "kernels/pair_distance_loss/pair_distance_loss.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/pair_distance_loss/pair_distance_gpu_row.h"
#include "kernels/pair_distance_loss/pair_distance_loss_backends.h"
#include "kernels/torch_headers.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

struct Case {
  Tensor predicted, truth, atom_mask;
};

// Structures of the given lengths with `atoms` per residue, some of them missing.
Case make_case(const std::vector<int64_t>& lengths, int64_t atoms, at::ScalarType type) {
  auto generator = at::detail::createCPUGenerator(7);
  const auto B = static_cast<int64_t>(lengths.size());
  int64_t L = 0;
  for (const int64_t length : lengths) L = std::max(L, length);
  const Tensor truth = at::randn({B, L, atoms, 3}, generator, at::kDouble) * 20;
  const Tensor predicted = truth + at::randn({B, L, atoms, 3}, generator, at::kDouble);
  Tensor mask = at::rand({B, L, atoms}, generator, at::kDouble) > 0.1;
  for (int64_t b = 0; b < B; ++b) mask[b].narrow(0, lengths[b], L - lengths[b]).fill_(false);
  // Two atoms at the same position: the direction of their distance is undefined.
  if (L > 1 && atoms > 1) predicted.select(1, 0).select(1, 0).copy_(predicted.select(1, 0).select(1, 1));
  return {predicted.to(type), truth.to(type), mask};
}

struct Result {
  Tensor value, gradient;
};

Result differentiate(const Case& c, Tensor (*loss)(const Tensor&, const Tensor&, const Tensor&)) {
  const Tensor predicted = c.predicted.clone().requires_grad_();
  const Tensor value = loss(predicted, c.truth, c.atom_mask);
  // Different weights per sample, so that the test detects a gradient in the wrong row.
  (value * at::arange(1, value.numel() + 1, value.options())).sum().backward();
  return {value.detach(), predicted.grad()};
}

struct Shape {
  std::vector<int64_t> lengths;
  int64_t atoms;
};

class PairDistanceLossShapes : public testing::TestWithParam<Shape> {};

TEST_P(PairDistanceLossShapes, EqualsTheReference) {
  for (const auto& [type, allowed] : {std::pair(at::kDouble, 1e-13), {at::kFloat, 2e-6}}) {
    const Case c = make_case(GetParam().lengths, GetParam().atoms, type);
    Case exact = c;
    exact.predicted = c.predicted.to(at::kDouble);
    exact.truth = c.truth.to(at::kDouble);
    const Result expected = differentiate(exact, pair_distance_loss_reference);
    const Result got = differentiate(c, pair_distance_loss);
    EXPECT_EQ(got.value.scalar_type(), type);
    expect_close(fmt::format("value {}", at::toString(type)), got.value, expected.value, allowed);
    expect_close(fmt::format("gradient {}", at::toString(type)), got.gradient, expected.gradient, allowed);

    const PairDistanceLoss tiled = pair_distance_loss_tiled(c.predicted, c.truth, c.atom_mask, true);
    expect_close("tiled value", tiled.value, expected.value, allowed);
    const Tensor weights = at::arange(1, tiled.value.numel() + 1, tiled.value.options()).view({-1, 1, 1, 1});
    expect_close("tiled gradient", tiled.gradient * weights, expected.gradient, allowed);

    const at::NoGradGuard no_grad;
    expect_close("value alone", pair_distance_loss(c.predicted, c.truth, c.atom_mask), got.value, 0.0);
  }
}

// The GPU's row function in a loop on the host.
PairDistanceLoss rows_on_host(const Case& c) {
  const Tensor x = c.predicted.contiguous(), y = c.truth.contiguous(), mask = c.atom_mask.contiguous();
  const int64_t B = x.size(0), N = x.size(1) * x.size(2);
  const Tensor rows = at::zeros({B, N}, at::kDouble), gradient = at::zeros_like(x);
  std::vector<double> scratch(kPairDistanceScratch);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "pair_distance_loss", [&] {
    const PairDistanceRows<scalar_t> arguments{.B = B,
                                               .N = N,
                                               .predicted = x.const_data_ptr<scalar_t>(),
                                               .truth = y.const_data_ptr<scalar_t>(),
                                               .mask = mask.const_data_ptr<bool>(),
                                               .rows = rows.mutable_data_ptr<double>(),
                                               .gradient = gradient.mutable_data_ptr<scalar_t>()};
    for (int64_t item = 0; item < B * N; ++item) pair_distance_gpu_row(HostLanes(), arguments, item, scratch.data());
  });
  return {rows.sum(1).to(x.scalar_type()), gradient};
}

void expect_equals_reference(const std::string& name, const PairDistanceLoss& got, const Case& c, double allowed) {
  Case exact = c;
  exact.predicted = c.predicted.to(at::kDouble);
  exact.truth = c.truth.to(at::kDouble);
  const Result expected = differentiate(exact, pair_distance_loss_reference);
  const Tensor weights = at::arange(1, got.value.numel() + 1, expected.gradient.options()).view({-1, 1, 1, 1});
  expect_close(name + " value", got.value.cpu(), expected.value, allowed);
  expect_close(name + " gradient", got.gradient.cpu() * weights, expected.gradient, allowed);
}

TEST_P(PairDistanceLossShapes, RowsOfTheGpuEqualTheReference) {
  for (const auto& [type, allowed] : {std::pair(at::kDouble, 1e-13), {at::kFloat, 2e-6}}) {
    const Case c = make_case(GetParam().lengths, GetParam().atoms, type);
    expect_equals_reference(at::toString(type), rows_on_host(c), c, allowed);
  }
}

TEST_P(PairDistanceLossShapes, OnCudaEqualsTheReferenceAndItselfInTwoRuns) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  for (const auto& [type, allowed] : {std::pair(at::kDouble, 1e-13), {at::kFloat, 2e-6}}) {
    const Case c = make_case(GetParam().lengths, GetParam().atoms, type);
    const auto run = [&] {
      return pair_distance_loss_cuda(c.predicted.to(at::kCUDA), c.truth.to(at::kCUDA), c.atom_mask.to(at::kCUDA), true);
    };
    const PairDistanceLoss one = run(), two = run();
    expect_equals_reference(at::toString(type), one, c, allowed);
    EXPECT_TRUE(at::equal(one.value, two.value) && at::equal(one.gradient, two.gradient));
  }
}

// Sets the coordinates of the missing atoms of a case to NaN.
Case with_nan(Case c) {
  const Tensor missing = ~c.atom_mask.unsqueeze(3);
  c.predicted = c.predicted.masked_fill(missing, NAN);
  c.truth = c.truth.masked_fill(missing, NAN);
  return c;
}

TEST_P(PairDistanceLossShapes, CoordinatesOfMissingAtomsDoNotCount) {
  const Case zeros = make_case(GetParam().lengths, GetParam().atoms, at::kFloat), nan = with_nan(zeros);
  const Result expected = differentiate(zeros, pair_distance_loss_reference);
  const auto expect_the_same = [&](const char* name, const Tensor& value, const Tensor& gradient) {
    expect_close(std::string(name) + " value", value, expected.value, 2e-6);
    expect_close(std::string(name) + " gradient", gradient, expected.gradient, 2e-6);
  };
  for (const auto loss : {pair_distance_loss_reference, pair_distance_loss}) {
    const Result got = differentiate(nan, loss);
    expect_the_same(loss == pair_distance_loss ? "loss" : "reference", got.value, got.gradient);
  }
  const Tensor weights = at::arange(1, expected.value.numel() + 1, at::kFloat).view({-1, 1, 1, 1});
  const PairDistanceLoss tiled = pair_distance_loss_tiled(nan.predicted, nan.truth, nan.atom_mask, true);
  expect_the_same("tiled", tiled.value, tiled.gradient * weights);
  const PairDistanceLoss rows = rows_on_host(nan);
  expect_the_same("rows of the GPU", rows.value, rows.gradient * weights);
}

TEST_P(PairDistanceLossShapes, OnCudaCoordinatesOfMissingAtomsDoNotCount) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  const Case c = make_case(GetParam().lengths, GetParam().atoms, at::kFloat), nan = with_nan(c);
  expect_equals_reference(
      "f32",
      pair_distance_loss_cuda(nan.predicted.to(at::kCUDA), nan.truth.to(at::kCUDA), nan.atom_mask.to(at::kCUDA), true),
      c, 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, PairDistanceLossShapes,
                         testing::Values(Shape{{1}, 1}, Shape{{1}, 3}, Shape{{2, 1}, 3}, Shape{{97, 31, 64}, 5},
                                         Shape{{20, 33}, 13}, Shape{{1025, 400}, 1}, Shape{{16, 17, 15}, 1}));

TEST(PairDistanceLoss, GradientMatchesFiniteDifferences) {
  const Case c = make_case({5, 3}, 3, at::kDouble);
  const Tensor apart = c.predicted + at::linspace(0, 1, c.predicted.numel(), at::kDouble).view(c.predicted.sizes());
  const double error =
      gradient_error([&](const Tensor& x) { return pair_distance_loss(x, c.truth, c.atom_mask).sum(); }, apart, 1e-5);
  fmt::print("  {:.1e}\n", error);
  EXPECT_LE(error, 1e-8);
}

TEST(PairDistanceLoss, EmptyBatchesAndStructuresGiveZero) {
  const auto loss = [](at::IntArrayRef shape) {
    const Tensor x = at::zeros(shape, at::kFloat).requires_grad_();
    const Tensor value = pair_distance_loss(x, at::zeros(shape, at::kFloat), at::ones(shape.slice(0, 3), at::kBool));
    value.sum().backward();
    EXPECT_EQ(x.grad().sizes(), shape);
    return value;
  };
  EXPECT_EQ(loss({0, 5, 3, 3}).sizes(), (at::IntArrayRef{0}));
  EXPECT_TRUE(at::equal(loss({2, 0, 3, 3}), at::zeros({2}, at::kFloat)));
}

TEST(PairDistanceLoss, SameResultForAnyNumberOfThreads) {
  const Case c = make_case({300}, 3, at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Result one = differentiate(c, pair_distance_loss);
  at::set_num_threads(4);
  const Result four = differentiate(c, pair_distance_loss);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one.value, four.value) && at::equal(one.gradient, four.gradient));
}

// Peak resident memory of this process since the last reset, in MiB; -1 if the system does not report it.
double peak_mebibytes(bool reset) {
  if (reset) std::ofstream("/proc/self/clear_refs") << "5";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return -1;
}

TEST(PairDistanceLoss, MemoryIsLinearInLength) {
  // 26,000 atoms: one f32 matrix of pairs would take 2.6 GB.
  const Case c = make_case({2000}, 13, at::kFloat);
  const double before = peak_mebibytes(true);
  if (before < 0) GTEST_SKIP() << "no /proc/self/status";
  differentiate(c, pair_distance_loss);
  const double growth = peak_mebibytes(false) - before;
  fmt::print("  peak grew by {:.1f} MiB\n", growth);
  EXPECT_LE(growth, 20.0);
}

TEST(PairDistanceLoss, RefusesWrongInputs) {
  const Case c = make_case({4}, 3, at::kFloat);
  EXPECT_THROW(pair_distance_loss(c.predicted[0], c.truth[0], c.atom_mask[0]), c10::Error);
  EXPECT_THROW(pair_distance_loss(c.predicted, c.truth.narrow(1, 0, 3), c.atom_mask), c10::Error);
  EXPECT_THROW(pair_distance_loss(c.predicted, c.truth.to(at::kDouble), c.atom_mask), c10::Error);
  EXPECT_THROW(pair_distance_loss(c.predicted, c.truth, c.atom_mask.to(at::kFloat)), c10::Error);
  EXPECT_THROW(pair_distance_loss(c.predicted.to(at::kHalf), c.truth.to(at::kHalf), c.atom_mask), c10::Error);
  EXPECT_THROW(pair_distance_loss(c.predicted, c.truth.clone().requires_grad_(), c.atom_mask), c10::Error);
}

}  // namespace
}  // namespace flashrna
