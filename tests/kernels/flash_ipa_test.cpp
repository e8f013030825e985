// Every backend against the dense definition: values, gradients, invariance, hard shapes, bad input.
#include "kernels/flash_ipa/flash_ipa.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/torch_headers.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

struct Shape {
  std::vector<int64_t> lengths;  // padded to the longest
  int64_t H, C, P_q, P_v, R, c;
};

// Deterministic values of order 1, the same on every machine.
class Waves {
 public:
  Tensor operator()(at::IntArrayRef shape) {
    phase_ += 0.7312;
    return at::arange(c10::multiply_integers(shape), at::kDouble).mul(1.37).add(phase_).sin().view(shape);
  }

 private:
  double phase_ = 0.0;
};

Tensor random_rotations(Waves& wave, int64_t B, int64_t L) {
  const Tensor q = wave({B, L, 4}) + 0.1;
  const auto u = (q / q.norm(2, -1, true)).unbind(-1);
  const Tensor &w = u[0], &x = u[1], &y = u[2], &z = u[3];
  return at::stack({1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),
                    1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 2 * (x * z - w * y), 2 * (y * z + w * x),
                    1 - 2 * (x * x + y * y)},
                   -1)
      .view({B, L, 3, 3});
}

FlashIpaInput make_input(const Shape& s, at::ScalarType dtype) {
  const int64_t B = static_cast<int64_t>(s.lengths.size());
  const int64_t L = s.lengths.empty() ? 0 : *std::max_element(s.lengths.begin(), s.lengths.end());
  Waves wave;
  const auto values = [&](at::IntArrayRef shape) { return wave(shape).to(dtype); };
  FlashIpaInput in;
  in.q = values({B, L, s.H, s.C});
  in.k = values({B, L, s.H, s.C});
  in.v = values({B, L, s.H, s.C});
  in.q_points = values({B, L, s.H, s.P_q, 3});
  in.k_points = values({B, L, s.H, s.P_q, 3});
  in.v_points = values({B, L, s.H, s.P_v, 3});
  in.rotations = random_rotations(wave, B, L).to(dtype);
  in.translations = values({B, L, 3}) * 3.0;
  in.point_weights = (wave({s.H}).abs() * 0.1 + 0.05).to(dtype);
  if (s.R > 0) {
    in.bias_q = values({B, L, s.H, s.R});
    in.bias_k = values({B, L, s.H, s.R});
    in.pair_q = values({B, L, s.R, s.c});
    in.pair_k = values({B, L, s.R, s.c});
  }
  in.lengths = at::tensor(s.lengths, at::kLong);
  return in;
}

std::vector<Tensor*> floating_inputs(FlashIpaInput& in) {
  std::vector<Tensor*> all;
  for (Tensor* t : {&in.q, &in.k, &in.v, &in.q_points, &in.k_points, &in.v_points, &in.rotations, &in.translations,
                    &in.point_weights, &in.bias_q, &in.bias_k, &in.pair_q, &in.pair_k}) {
    if (t->defined()) all.push_back(t);
  }
  return all;
}

std::vector<Tensor> outputs_of(const FlashIpaOutput& out) {
  std::vector<Tensor> all = {out.scalars, out.points, out.point_norms};
  if (out.pairs.defined()) all.push_back(out.pairs);
  return all;
}

// A weighted sum of all outputs whose weights do not repeat.
Tensor scalar_of(const FlashIpaOutput& out) {
  Waves wave;
  Tensor sum = at::scalar_tensor(0.0, out.scalars.options());
  for (const Tensor& t : outputs_of(out)) sum = sum + (t * wave(t.sizes()).to(t.options())).sum();
  return sum;
}

struct Case {
  const char* name;
  Shape shape;
  at::ScalarType dtype;
  double tolerance;  // relative to the largest magnitude
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class FlashIpa : public testing::TestWithParam<Case> {};

struct Differentiated {
  std::vector<Tensor> outputs, gradients;  // on the CPU
};

Differentiated differentiate(FlashIpaInput in, AttentionBackend backend, at::Device device = at::kCPU) {
  for (Tensor* t : floating_inputs(in)) *t = t->detach().to(device).requires_grad_(true);
  in.lengths = in.lengths.to(device);
  const FlashIpaOutput out = flash_ipa(in, backend);
  scalar_of(out).backward();
  Differentiated result;
  for (const Tensor& t : outputs_of(out)) result.outputs.push_back(t.detach().cpu());
  for (const Tensor* t : floating_inputs(in)) result.gradients.push_back(t->grad().cpu());
  return result;
}

// `backend` on `device` in the case's dtype against dense on the CPU in f64.
void expect_equals_dense(const Case& c, AttentionBackend backend, at::Device device = at::kCPU) {
  FlashIpaInput in = make_input(c.shape, c.dtype), exact = in;
  for (Tensor* t : floating_inputs(exact)) *t = t->to(at::kDouble);
  const Differentiated expected = differentiate(exact, AttentionBackend::kDense);
  const Differentiated got = differentiate(in, backend, device);
  const std::string name = std::string(c.name) + " ";
  for (size_t i = 0; i < expected.outputs.size(); ++i) {
    EXPECT_EQ(got.outputs[i].scalar_type(), c.dtype);
    expect_close(name + "output " + std::to_string(i), got.outputs[i], expected.outputs[i], c.tolerance);
  }
  for (size_t i = 0; i < expected.gradients.size(); ++i) {
    if (expected.gradients[i].numel() == 0) continue;
    expect_close(name + "gradient " + std::to_string(i), got.gradients[i], expected.gradients[i], 10 * c.tolerance);
  }
}

TEST_P(FlashIpa, LiftedEqualsDenseWithGradients) { expect_equals_dense(GetParam(), AttentionBackend::kLifted); }

TEST_P(FlashIpa, SimpleEqualsDenseWithGradients) { expect_equals_dense(GetParam(), AttentionBackend::kSimple); }

TEST_P(FlashIpa, LiftedOnCudaEqualsDenseWithGradients) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  expect_equals_dense(GetParam(), AttentionBackend::kLifted, at::kCUDA);
}

TEST_P(FlashIpa, SimpleOnCudaEqualsDenseWithGradients) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  expect_equals_dense(GetParam(), AttentionBackend::kSimple, at::kCUDA);
}

// f64: 1e-12 is a thousand roundings. f32: logits of order 10 carry 1e-6 and the exponential passes that on.
INSTANTIATE_TEST_SUITE_P(Shapes, FlashIpa,
                         testing::Values(Case{"one_residue", {{1}, 2, 4, 2, 3, 2, 4}, at::kDouble, 1e-12},
                                         Case{"two_residues", {{2}, 2, 4, 2, 3, 2, 4}, at::kDouble, 1e-12},
                                         Case{"ragged", {{97, 13, 1, 60}, 3, 8, 4, 5, 2, 4}, at::kDouble, 1e-12},
                                         Case{"rank_1", {{33, 20}, 2, 8, 4, 4, 1, 8}, at::kDouble, 1e-12},
                                         Case{"rank_3", {{33, 20}, 2, 8, 4, 4, 3, 8}, at::kDouble, 1e-12},
                                         Case{"rank_4", {{33, 20}, 2, 8, 4, 4, 4, 8}, at::kDouble, 1e-12},
                                         Case{"rank_5", {{33, 20}, 2, 8, 4, 4, 5, 8}, at::kDouble, 1e-12},
                                         Case{"rank_6", {{33, 20}, 2, 8, 4, 4, 6, 8}, at::kDouble, 1e-12},
                                         Case{"rank_7", {{33, 20}, 2, 8, 4, 4, 7, 8}, at::kDouble, 1e-12},
                                         Case{"rank_8", {{33, 20}, 2, 8, 4, 4, 8, 8}, at::kDouble, 1e-12},
                                         Case{"without_pair", {{33, 20}, 2, 8, 4, 4, 0, 0}, at::kDouble, 1e-12},
                                         Case{"empty_sequence", {{5, 0, 3}, 2, 8, 4, 4, 2, 4}, at::kDouble, 1e-12},
                                         Case{"empty_batch", {{}, 2, 8, 4, 4, 2, 4}, at::kDouble, 1e-12},
                                         Case{"long", {{1025}, 2, 16, 4, 4, 2, 4}, at::kFloat, 2e-5},
                                         Case{"ragged_f32", {{97, 13, 1, 60}, 3, 8, 4, 5, 2, 4}, at::kFloat, 2e-5}),
                         [](const testing::TestParamInfo<Case>& test) { return test.param.name; });

class EveryBackend : public testing::TestWithParam<AttentionBackend> {};

TEST_P(EveryBackend, OutputIsUnchangedByRigidMotion) {
  FlashIpaInput in = make_input({{40, 29}, 3, 8, 4, 5, 2, 4}, at::kDouble);
  const FlashIpaOutput before = flash_ipa(in, GetParam());
  Waves wave;
  const Tensor motion = random_rotations(wave, 1, 1).view({3, 3});
  in.rotations = at::matmul(motion, in.rotations);
  in.translations = at::matmul(in.translations, motion.t()) + at::tensor({31.0, -12.0, 55.0}, at::kDouble);
  const std::vector<Tensor> expected = outputs_of(before), got = outputs_of(flash_ipa(in, GetParam()));
  for (size_t i = 0; i < expected.size(); ++i) expect_close("output " + std::to_string(i), got[i], expected[i], 1e-11);
}

TEST_P(EveryBackend, MotionOfARibosomeSizedInputChangesF32OutputByRoundingOnly) {
  // Radius of gyration 8 nm, 100 nm off centre.
  FlashIpaInput in = make_input({{800}, 2, 16, 8, 12, 2, 4}, at::kFloat);
  in.translations = in.translations * 4.0;
  const FlashIpaOutput before = flash_ipa(in, GetParam());
  in.translations = in.translations + at::tensor({60.0, -50.0, 65.0}, at::kFloat);
  const FlashIpaOutput after = flash_ipa(in, GetParam());
  // A coordinate of 100 nm is rounded by 4e-6 before the kernel sees it; logits carry w d times that.
  const double error = (after.points - before.points).abs().max().item<double>();
  std::printf("  largest change of an output point: %.1e nm\n", error);
  EXPECT_LT(error, 2e-3);
  expect_close("scalars", after.scalars, before.scalars, 1e-3);
}

TEST_P(EveryBackend, GradientsAgreeWithFiniteDifferences) {
  FlashIpaInput in = make_input({{7, 4}, 2, 4, 2, 3, 2, 4}, at::kDouble);
  std::vector<Tensor*> inputs = floating_inputs(in);
  for (Tensor* t : inputs) t->requires_grad_(true);
  scalar_of(flash_ipa(in, GetParam())).backward();
  const at::NoGradGuard no_grad;
  Waves wave;
  const double step = 1e-5;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor gradient = inputs[i]->grad(), original = inputs[i]->detach().clone();
    const Tensor direction = wave(original.sizes());
    inputs[i]->copy_(original + step * direction);
    const double plus = scalar_of(flash_ipa(in, GetParam())).item<double>();
    inputs[i]->copy_(original - step * direction);
    const double minus = scalar_of(flash_ipa(in, GetParam())).item<double>();
    inputs[i]->copy_(original);
    const double expected = (plus - minus) / (2 * step), got = (gradient * direction).sum().item<double>();
    // Central differences: step^2 times the third derivative, and 1e-16 / step of cancellation.
    EXPECT_NEAR(got, expected, 1e-7 * std::max(1.0, std::abs(expected))) << "input " << i;
  }
}

TEST_P(EveryBackend, PaddingDoesNotMatterAndStaysZero) {
  const FlashIpaInput in = make_input({{9, 6}, 2, 4, 2, 3, 2, 4}, at::kDouble);
  FlashIpaInput other = in;
  for (Tensor* t : floating_inputs(other)) {
    if (t->dim() < 2) continue;
    *t = t->clone();
    t->select(0, 1).narrow(0, 6, 3).fill_(17.0);
  }
  const std::vector<Tensor> expected = outputs_of(flash_ipa(in, GetParam())),
                            got = outputs_of(flash_ipa(other, GetParam()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(at::equal(got[i], expected[i])) << "output " << i;
    EXPECT_EQ(got[i].select(0, 1).narrow(0, 6, 3).abs().max().item<double>(), 0.0) << "output " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, EveryBackend,
                         testing::Values(AttentionBackend::kDense, AttentionBackend::kLifted,
                                         AttentionBackend::kSimple),
                         [](const testing::TestParamInfo<AttentionBackend>& test) {
                           return std::string(attention_backend_name(test.param));
                         });

TEST(FlashIpaDispatch, AutoTakesLiftedOnTheCpuBecauseItPassesTheSelfCheck) {
  EXPECT_EQ(resolve_attention_backend(at::kCPU), AttentionBackend::kLifted);
}

TEST(FlashIpaOnCuda, SimpleEqualsDenseAtTheDefaultSize) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  expect_equals_dense({"default_size", {{515, 300}, 8, 128, 8, 12, 2, 32}, at::kFloat, 2e-5}, AttentionBackend::kSimple,
                      at::kCUDA);
}

TEST(FlashIpaOnCuda, GradientsOfSimpleAreEqualBitForBitInTwoRuns) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  const FlashIpaInput in = make_input({{130, 97}, 3, 8, 4, 5, 2, 4}, at::kFloat);
  const Differentiated one = differentiate(in, AttentionBackend::kSimple, at::kCUDA);
  const Differentiated two = differentiate(in, AttentionBackend::kSimple, at::kCUDA);
  for (size_t i = 0; i < one.gradients.size(); ++i) EXPECT_TRUE(at::equal(one.gradients[i], two.gradients[i])) << i;
}

TEST(FlashIpaOnCuda, RowsThatDoNotFitIntoSharedMemoryAreRefused) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  FlashIpaInput in = make_input({{2}, 1, 40000, 1, 1, 0, 0}, at::kFloat);
  for (Tensor* t : floating_inputs(in)) *t = t->to(at::kCUDA);
  in.lengths = in.lengths.to(at::kCUDA);
  EXPECT_THROW(flash_ipa(in, AttentionBackend::kSimple), std::runtime_error);
}

TEST(FlashIpaDispatch, BackendNamesAreReadAndUnknownOnesRefused) {
  for (const AttentionBackend backend :
       {AttentionBackend::kAuto, AttentionBackend::kDense, AttentionBackend::kLifted, AttentionBackend::kSimple}) {
    EXPECT_EQ(parse_attention_backend(attention_backend_name(backend)), backend);
  }
  EXPECT_THROW(parse_attention_backend("flash"), c10::Error);
}

TEST(FlashIpaChecks, NameTheTensorThatIsWrong) {
  const auto message_of = [](const FlashIpaInput& in) {
    try {
      flash_ipa(in);
    } catch (const c10::Error& error) {
      return std::string(error.what_without_backtrace());
    }
    return std::string("no error");
  };
  const Shape shape{{5, 3}, 2, 4, 2, 3, 2, 4};
  FlashIpaInput in = make_input(shape, at::kFloat);
  in.k_points = in.k_points.narrow(3, 0, 1);
  EXPECT_NE(message_of(in).find("k_points has shape"), std::string::npos) << message_of(in);
  in = make_input(shape, at::kFloat);
  in.translations = in.translations.to(at::kDouble);
  EXPECT_NE(message_of(in).find("translations is Double, q is Float"), std::string::npos) << message_of(in);
  in = make_input(shape, at::kFloat);
  in.bias_k = Tensor();
  EXPECT_NE(message_of(in).find("both bias_q and bias_k"), std::string::npos) << message_of(in);
}

}  // namespace
}  // namespace flashrna
