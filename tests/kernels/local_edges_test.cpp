#include "kernels/local_edges/local_edges.h"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/local_edges/local_edges_backends.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "tests/support/finite_differences.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

struct Shape {
  std::vector<int64_t> lengths;
  int64_t hidden, edges, list_features;
};

constexpr const char* kNames[kLocalEdgesGradients] = {"center",   "neighbor", "rotations",  "translations", "weight_1",
                                                      "weight_2", "bias_2",   "out_weight", "out_bias"};

// Chains of the given lengths, edges to random residues of the same chain, a fifth of them missing, and all those of
// the second residue.
LocalEdgesInput make_input(EdgeOperation operation, const Shape& shape, at::ScalarType type) {
  auto generator = at::detail::createCPUGenerator(11);
  const auto normal = [&](at::IntArrayRef sizes, double scale) {
    return (at::randn(sizes, generator, at::kDouble) * scale).to(type);
  };
  const auto B = static_cast<int64_t>(shape.lengths.size());
  const int64_t L = *std::max_element(shape.lengths.begin(), shape.lengths.end()), E = shape.edges, H = shape.hidden,
                F = shape.list_features, O = operation == EdgeOperation::kMessages ? kEdgeHeads : kVoteOutputs;
  const Tensor lengths = at::tensor(shape.lengths, at::kLong).view({B, 1, 1});
  LocalEdgesInput in;
  in.center = normal({B, L, H}, 0.5);
  in.neighbor = normal({B, L, H}, 0.5);
  in.rotations = std::get<0>(at::linalg_qr(at::randn({B, L, 3, 3}, generator, at::kDouble))).to(type).contiguous();
  in.translations = normal({B, L, 3}, 0.8);
  in.weight_1 = normal({H, F + kEdgeFrameFeatures}, 0.4);
  in.weight_2 = normal({H, H}, 1.0 / std::sqrt(static_cast<double>(H)));
  in.bias_2 = normal({H}, 0.3);
  in.out_weight = normal({O, H}, 1.0 / std::sqrt(static_cast<double>(H)));
  in.out_bias = normal({O}, 0.3);
  in.edges.neighbors = (at::rand({B, L, E}, generator, at::kDouble) * lengths).floor().to(at::kLong);
  in.edges.present = (at::rand({B, L, E}, generator, at::kDouble) > 0.2) & (at::arange(L).view({1, L, 1}) < lengths);
  if (L > 1) in.edges.present.select(1, 1).fill_(false);
  const Tensor sparse = at::rand({B, L, E, F}, generator, at::kDouble) < 0.3;
  in.edges.features = normal({B, L, E, F}, 1.0) * sparse;
  in.edges.nonzero = nonzero_bits(in.edges.features);
  return in;
}

LocalEdgesInput to(const LocalEdgesInput& in, at::ScalarType type) {
  std::vector<Tensor> tensors = tensors_of(in);
  for (Tensor& tensor : tensors)
    if (tensor.is_floating_point()) tensor = tensor.to(type);
  return input_of(tensors);
}

std::vector<Tensor> run(EdgeOperation operation, const LocalEdgesInput& in, bool reference) {
  if (operation == EdgeOperation::kMessages) {
    const EdgeMessageSums sums = reference ? edge_messages_reference(in) : edge_messages(in);
    return {sums.attended, sums.sum};
  }
  const EdgeVoteMeans means = reference ? edge_votes_reference(in) : edge_votes(in);
  return {means.shift, means.rotation};
}

// Random factors of the outputs, whose sum is differentiated.
std::vector<Tensor> cotangents_of(const std::vector<Tensor>& outputs) {
  auto generator = at::detail::createCPUGenerator(12);
  std::vector<Tensor> factors;
  for (const Tensor& out : outputs)
    factors.push_back(at::randn(out.sizes(), generator, at::kDouble).to(out.scalar_type()));
  return factors;
}

struct Result {
  std::vector<Tensor> outputs, gradients;
};

Result differentiate(EdgeOperation operation, const LocalEdgesInput& in, bool reference) {
  std::vector<Tensor> tensors = tensors_of(in);
  for (int i = 0; i < kLocalEdgesGradients; ++i) tensors[i] = tensors[i].detach().clone().requires_grad_();
  Result result{run(operation, input_of(tensors), reference), {}};
  const std::vector<Tensor> factors = cotangents_of(result.outputs);
  ((result.outputs[0] * factors[0]).sum() + (result.outputs[1] * factors[1]).sum()).backward();
  for (int i = 0; i < kLocalEdgesGradients; ++i) result.gradients.push_back(tensors[i].grad());
  for (Tensor& out : result.outputs) out = out.detach();
  return result;
}

// Outputs and gradients. A constant added to all logits of messages changes nothing, so the gradient of their bias is
// zero: it is compared together with that of their weight.
std::vector<Tensor> parts_of(const Result& result, EdgeOperation operation) {
  std::vector<Tensor> parts = result.outputs;
  parts.insert(parts.end(), result.gradients.begin(), result.gradients.end());
  if (operation == EdgeOperation::kMessages)
    parts.back() = at::cat({parts.back().unsqueeze(1), parts[parts.size() - 2]}, 1);
  return parts;
}

std::string name_of_part(std::size_t i) { return i < 2 ? fmt::format("output {}", i) : kNames[i - 2]; }

void expect_equal_results(const std::string& name, EdgeOperation operation, const Result& got, const Result& expected,
                          double allowed) {
  const std::vector<Tensor> a = parts_of(got, operation), b = parts_of(expected, operation);
  for (std::size_t i = 0; i < a.size(); ++i) expect_close(name + " " + name_of_part(i), a[i], b[i], allowed);
}

// The same in f32 by norms: where the argument of a rectifier rounds to the other side of 0, single gradients differ.
void expect_equal_norms(const std::string& name, EdgeOperation operation, const Result& got, const Result& expected) {
  const std::vector<Tensor> a = parts_of(got, operation), b = parts_of(expected, operation);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = (a[i].to(at::kDouble) - b[i]).norm().item<double>(), size = b[i].norm().item<double>();
    EXPECT_LE(error, 2e-4 * std::max(size, 0.01)) << name << " " << name_of_part(i);
  }
}

class LocalEdgesShapes : public testing::TestWithParam<std::tuple<EdgeOperation, Shape>> {};

TEST_P(LocalEdgesShapes, EqualTheReference) {
  const auto& [operation, shape] = GetParam();
  const LocalEdgesInput exact = make_input(operation, shape, at::kDouble), rounded = to(exact, at::kFloat);
  expect_equal_results("f64", operation, differentiate(operation, exact, false), differentiate(operation, exact, true),
                       1e-12);
  expect_equal_norms("f32", operation, differentiate(operation, rounded, false),
                     differentiate(operation, to(rounded, at::kDouble), true));
}

TEST_P(LocalEdgesShapes, EveryInstructionSetEqualsTheReference) {
  const auto& [operation, shape] = GetParam();
  const LocalEdgesInput in = make_input(operation, shape, at::kFloat);
  const Result expected = differentiate(operation, to(in, at::kDouble), true);
  for (const auto& [name, set] : {std::pair("any", InstructionSet::kAny), {"AVX2", InstructionSet::kAvx2}}) {
    if (set > best_instruction_set()) continue;
    const at::NoGradGuard no_grad;
    const std::vector<Tensor> out = local_edges_cpu(operation, in, set), factors = cotangents_of(out);
    const Result got{out, local_edges_cpu_backward(operation, in, factors[0], factors[1], set)};
    expect_equal_norms(name, operation, got, expected);
  }
}

TEST_P(LocalEdgesShapes, TheRowsOfTheGpuEqualTheReference) {
  const auto& [operation, shape] = GetParam();
  const auto rows_of = [&, kind = operation](const LocalEdgesInput& in) {
    const at::NoGradGuard no_grad;
    const std::vector<Tensor> out = local_edges_gpu(kind, in), factors = cotangents_of(out);
    return Result{out, local_edges_gpu_backward(kind, in, factors[0], factors[1])};
  };
  const LocalEdgesInput exact = make_input(operation, shape, at::kDouble), rounded = to(exact, at::kFloat);
  expect_equal_results("f64", operation, rows_of(exact), differentiate(operation, exact, true), 1e-12);
  expect_equal_norms("f32", operation, rows_of(rounded), differentiate(operation, to(rounded, at::kDouble), true));
}

INSTANTIATE_TEST_SUITE_P(Shapes, LocalEdgesShapes,
                         testing::Combine(testing::Values(EdgeOperation::kMessages, EdgeOperation::kVotes),
                                          testing::Values(Shape{{1}, 8, 3, 2}, Shape{{23, 9}, 8, 27, 34},
                                                          Shape{{40, 64, 17}, 48, 27, 34}, Shape{{70, 131}, 64, 27, 34},
                                                          Shape{{33}, 100, 5, 0}, Shape{{6, 3}, 16, 150, 64})));

class LocalEdges : public testing::TestWithParam<EdgeOperation> {};

TEST_P(LocalEdges, GradientsAreThoseOfFiniteDifferences) {
  const LocalEdgesInput in = make_input(GetParam(), {{5, 3}, 4, 6, 5}, at::kDouble);
  const std::vector<Tensor> factors = cotangents_of(run(GetParam(), in, false));
  const bool messages = GetParam() == EdgeOperation::kMessages;
  for (int i = 0; i < kLocalEdgesGradients - (messages ? 1 : 0); ++i) {  // that of the bias of logits is 0
    const auto f = [&](const Tensor& x) {
      std::vector<Tensor> tensors = tensors_of(in);
      tensors[i] = x;
      const std::vector<Tensor> out = run(GetParam(), input_of(tensors), false);
      return (out[0] * factors[0]).sum() + (out[1] * factors[1]).sum();
    };
    const double error = gradient_error(f, tensors_of(in)[i], 1e-6);
    fmt::print("  {} {:.1e}\n", kNames[i], error);
    EXPECT_LE(error, 1e-7) << kNames[i];
  }
}

// As autograd of products with transposed matrices makes them.
TEST_P(LocalEdges, GradientsOfAnyMemoryLayoutGiveTheSame) {
  const LocalEdgesInput in = make_input(GetParam(), {{9, 5}, 16, 6, 5}, at::kFloat);
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> factors = cotangents_of(local_edges_cpu(GetParam(), in));
  const auto transposed = [](const Tensor& x) { return x.transpose(0, 2).contiguous().transpose(0, 2); };
  const auto expect_same = [&](const auto& backward) {
    const std::vector<Tensor> expected = backward(factors[0], factors[1]),
                              got = backward(transposed(factors[0]), transposed(factors[1]));
    for (int i = 0; i < kLocalEdgesGradients; ++i) EXPECT_TRUE(at::equal(got[i], expected[i])) << kNames[i];
  };
  expect_same([&](const Tensor& a, const Tensor& b) { return local_edges_cpu_backward(GetParam(), in, a, b); });
  expect_same([&](const Tensor& a, const Tensor& b) { return local_edges_gpu_backward(GetParam(), in, a, b); });
}

TEST_P(LocalEdges, AResidueWithoutEdgesGetsNothing) {
  const LocalEdgesInput in = make_input(GetParam(), {{7}, 8, 4, 3}, at::kFloat);
  for (const bool reference : {false, true}) {
    const std::vector<Tensor> out = run(GetParam(), in, reference);
    const Tensor first = out[0].select(1, 1), second = out[1].select(1, 1);
    EXPECT_EQ(first.abs().max().item<float>(), 0.0f);
    const bool messages = GetParam() == EdgeOperation::kMessages;
    const Tensor expected = messages ? at::zeros_like(second) : at::eye(3).unsqueeze(0);
    EXPECT_TRUE(at::equal(second, expected));
  }
}

TEST_P(LocalEdges, SameResultForAnyNumberOfThreads) {
  const LocalEdgesInput in = make_input(GetParam(), {{300, 170}, 48, 27, 34}, at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Result one = differentiate(GetParam(), in, false);
  at::set_num_threads(4);
  const Result four = differentiate(GetParam(), in, false);
  at::set_num_threads(threads);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(at::equal(one.outputs[i], four.outputs[i]));
  for (int i = 0; i < kLocalEdgesGradients; ++i)
    EXPECT_TRUE(at::equal(one.gradients[i], four.gradients[i])) << kNames[i];
}

TEST_P(LocalEdges, MemoryOfAPassIsAFewKilobytesPerResidue) {
  const int64_t L = 4000;
  const LocalEdgesInput in = make_input(GetParam(), {{L}, 64, 27, 34}, at::kFloat);
  const AllocationRecorder memory(at::kCPU);
  differentiate(GetParam(), in, false);
  const double per_residue = static_cast<double>(memory.peak_bytes()) / static_cast<double>(L);
  fmt::print("  {:.1f} kB per residue\n", per_residue / 1000);
  // Includes the copies and factors that differentiate() makes. One layer of all edges with its gradient would take
  // 13.8 kB beside them.
  EXPECT_LE(per_residue, 13800.0);
}

TEST_P(LocalEdges, RefuseWrongInputs) {
  const LocalEdgesInput in = make_input(GetParam(), {{4}, 8, 3, 2}, at::kFloat);
  const auto expect_refused = [&](auto change) {
    LocalEdgesInput wrong = in;
    change(wrong);
    EXPECT_THROW(run(GetParam(), wrong, false), c10::Error);
  };
  expect_refused([](LocalEdgesInput& x) { x.center = x.center[0]; });
  expect_refused([](LocalEdgesInput& x) { x.neighbor = x.neighbor.narrow(2, 0, 4); });
  expect_refused([](LocalEdgesInput& x) { x.translations = x.translations.to(at::kDouble); });
  expect_refused([](LocalEdgesInput& x) { x.weight_1 = x.weight_1.narrow(1, 1, 30); });
  expect_refused([](LocalEdgesInput& x) { x.out_bias = at::zeros({5}); });
  expect_refused([](LocalEdgesInput& x) { x.edges.present = x.edges.present.to(at::kLong); });
  expect_refused([](LocalEdgesInput& x) { x.edges.neighbors = x.edges.neighbors + 4; });
}

INSTANTIATE_TEST_SUITE_P(Operations, LocalEdges, testing::Values(EdgeOperation::kMessages, EdgeOperation::kVotes),
                         [](const auto& operation) {
                           return operation.param == EdgeOperation::kMessages ? "Messages" : "Votes";
                         });

}  // namespace
}  // namespace flashrna
