// Every backend against the dense definition: values, gradients, invariance, difficult shapes, invalid input.
#include "kernels/flash_ipa/flash_ipa.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/device_checks.h"
#include "kernels/flash_ipa/attention_choice.h"
#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_simple_rows.h"
#include "kernels/padding.h"
#include "kernels/self_check.h"
#include "kernels/torch_headers.h"
#include "tests/kernels/flash_ipa_cases.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

class FlashIpa : public testing::TestWithParam<FlashIpaCase> {};

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
void expect_equals_dense(const FlashIpaCase& c, AttentionBackend backend, at::Device device = at::kCPU) {
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

INSTANTIATE_TEST_SUITE_P(Shapes, FlashIpa, testing::ValuesIn(kFlashIpaCases),
                         [](const testing::TestParamInfo<FlashIpaCase>& test) { return test.param.name; });

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
  // Radius of gyration 8 nm, 100 nm off center.
  FlashIpaInput in = make_input({{800}, 2, 16, 8, 12, 2, 4}, at::kFloat);
  in.translations = in.translations * 4.0;
  const FlashIpaOutput before = flash_ipa(in, GetParam());
  in.translations = in.translations + at::tensor({60.0, -50.0, 65.0}, at::kFloat);
  const FlashIpaOutput after = flash_ipa(in, GetParam());
  // A coordinate of 100 nm is rounded by 4e-6 before the kernel reads it; logits change by w d times that.
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

TEST_P(EveryBackend, MasksMadeOnceGiveTheSameBits) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    FlashIpaInput in = make_input({{33, 20, 0, 1}, 3, 8, 4, 5, 2, 4}, dtype);
    const std::vector<Tensor> expected = outputs_of(flash_ipa(in, GetParam()));
    in.masks = make_padding_masks(in.lengths, in.q.size(1), dtype);
    const std::vector<Tensor> got = outputs_of(flash_ipa(in, GetParam()));
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(got[i], expected[i])) << "output " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, EveryBackend,
                         testing::Values(AttentionBackend::kDense, AttentionBackend::kLifted,
                                         AttentionBackend::kSimple),
                         [](const testing::TestParamInfo<AttentionBackend>& test) {
                           return std::string(attention_backend_name(test.param));
                         });

TEST(FlashIpaDispatch, ASelfCheckThatFindsNoNumberFails) {
  SelfCheck check("something", "something else", 1.0, [](at::Device) {
    return larger_error(larger_error(0.0, std::numeric_limits<double>::quiet_NaN()), 0.5);
  });
  EXPECT_FALSE(check.result(at::kCPU).passed);
  EXPECT_EQ(larger_error(0.25, 0.5), 0.5);
}

TEST(FlashIpaDispatch, ASelfCheckThatIsOutOfMemoryIsThrownOnAndMadeAgain) {
  static int calls;
  calls = 0;
  SelfCheck check("something", "something else", 1.0, [](at::Device) -> double {
    const char* const texts[] = {"cudaMalloc: out of memory",
                                 "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `f`"};
    if (calls < 2) throw std::runtime_error(texts[calls++]);
    return 0.5;
  });
  EXPECT_THROW(check.result(at::kCPU), std::runtime_error);
  EXPECT_THROW(check.result(at::kCPU), std::runtime_error);
  EXPECT_TRUE(check.result(at::kCPU).passed);
}

TEST(FlashIpaDispatch, AutoTakesLiftedOnTheCpuBecauseItPassesTheSelfCheck) {
  const AttentionChoice choice = explain_attention_backend(at::kCPU);
  std::printf("  %s\n", choice.reason.c_str());
  EXPECT_EQ(choice.backend, AttentionBackend::kLifted);
}

TEST(FlashIpaDispatch, TheSelfCheckOfLiftedIsSmallAndDoesNotMindTheCallersMode) {
  const at::NoGradGuard no_grad;
  const FlashIpaInput in = lifted_check_input(at::kCPU);
  EXPECT_LE(in.q.size(0) * in.q.size(1), 64) << "residues: the check takes milliseconds";
  EXPECT_LT(backend_error(in, flash_ipa_backends::lifted), 2e-5);
}

TEST(FlashIpaDispatch, ChecksOfADeviceThatIsNotThereFailAndDoNotEndTheProgram) {
  if (count_cuda_devices() != 0) GTEST_SKIP() << "there is a CUDA device";
  const std::vector<DeviceCheck> checks = check_device({at::kCUDA, 0}, 1.0, [](const DeviceCheck&) {});
  EXPECT_GE(checks.size(), 19u);
  for (const DeviceCheck& check : checks) {
    EXPECT_FALSE(check.passed()) << check.operation;
    EXPECT_NE(check.failure, "") << check.operation;
  }
}

// The GPU's row functions, which receive lengths without a check.
TEST(FlashIpaSimpleRows, LengthsAreCutToThePaddedOne) {
  const SimpleSizes sizes{3, 1, 7, 1, 1, 1};
  const std::vector<std::int64_t> lengths = {4000, -5, 3};
  EXPECT_EQ(simple_row(sizes, lengths.data(), 6).length, 7);
  EXPECT_EQ(simple_row(sizes, lengths.data(), 7).length, 0);
  EXPECT_EQ(simple_row(sizes, lengths.data(), 14).length, 3);
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

TEST(FlashIpaLifting, InOnePassOnACpuEqualsItsOperations) {
  for (const FlashIpaShape& shape :
       {FlashIpaShape{{33, 20, 0, 1}, 3, 8, 4, 5, 2, 4}, FlashIpaShape{{17}, 1, 3, 1, 1, 0, 0}}) {
    std::vector<std::vector<Tensor>> results;
    for (const auto& lift : {flash_ipa_backends::lifted, flash_ipa_backends::lifted_by_operations}) {
      FlashIpaInput in = make_input(shape, at::kDouble);
      for (Tensor* t : floating_inputs(in)) t->requires_grad_(true);
      const FlashIpaOutput out = lift(in);
      scalar_of(out).backward();
      results.push_back(outputs_of(out));
      for (const Tensor* t : floating_inputs(in)) results.back().push_back(t->grad());
    }
    ASSERT_EQ(results[0].size(), results[1].size());
    for (size_t i = 0; i < results[0].size(); ++i)
      expect_close("output or gradient " + std::to_string(i), results[0][i], results[1][i], 1e-13);
  }
}

TEST(FlashIpaOracle, EveryNinthRowOfItEqualsDense) {
  const FlashIpaInput in = make_input({{97, 60}, 3, 8, 4, 5, 2, 4}, at::kDouble);
  const std::vector<Tensor> expected = outputs_of(flash_ipa(in, AttentionBackend::kDense)),
                            got = outputs_of(flash_ipa_backends::simple_every(in, 9));
  for (size_t i = 0; i < expected.size(); ++i)
    expect_close("output " + std::to_string(i), got[i].slice(1, 0, 97, 9), expected[i].slice(1, 0, 97, 9), 1e-12);
}

TEST(FlashIpaDispatch, BackendNamesAreReadAndUnknownOnesRefused) {
  for (const AttentionBackend backend : {AttentionBackend::kAuto, AttentionBackend::kDense, AttentionBackend::kLifted,
                                         AttentionBackend::kFused, AttentionBackend::kSimple}) {
    EXPECT_EQ(parse_attention_backend(attention_backend_name(backend)), backend);
  }
  EXPECT_THROW(parse_attention_backend("flash"), c10::Error);
  for (const FusedPrecision precision : {FusedPrecision::kFast, FusedPrecision::kStrict})
    EXPECT_EQ(parse_fused_precision(fused_precision_name(precision)), precision);
  EXPECT_THROW(parse_fused_precision("exact"), c10::Error);
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
  const FlashIpaShape shape{{5, 3}, 2, 4, 2, 3, 2, 4};
  FlashIpaInput in = make_input(shape, at::kFloat);
  in.k_points = in.k_points.narrow(3, 0, 1);
  EXPECT_NE(message_of(in).find("k_points has shape"), std::string::npos) << message_of(in);
  in = make_input(shape, at::kFloat);
  in.translations = in.translations.to(at::kDouble);
  EXPECT_NE(message_of(in).find("translations is Double, q is Float"), std::string::npos) << message_of(in);
  in = make_input(shape, at::kFloat);
  in.bias_k = Tensor();
  EXPECT_NE(message_of(in).find("both bias_q and bias_k"), std::string::npos) << message_of(in);
  for (const int64_t wrong : {6, -1}) {
    in = make_input(shape, at::kFloat);
    in.lengths[1] = wrong;
    EXPECT_EQ(message_of(in),
              "flash_ipa: lengths[1] = " + std::to_string(wrong) + ", must be from 0 to the padded length 5");
  }
}

}  // namespace
}  // namespace flashrna
