// The fused backend on a GPU. All tests are skipped if there is no GPU.
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/flash_ipa/attention_choice.h"
#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_example.h"
#include "kernels/torch_headers.h"
#include "tests/kernels/fused_ipa_rounding.h"
#include "tests/support/cuda_graph.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr FusedPrecision kPrecisions[] = {FusedPrecision::kFast, FusedPrecision::kStrict};

FlashIpaInput to(FlashIpaInput in, at::Device device) {
  for (Tensor* t : floating_inputs(in)) *t = t->to(device);
  in.lengths = in.lengths.to(device);
  return in;
}

struct Differentiated {
  std::vector<Tensor> outputs, gradients;  // on the CPU
};

Differentiated differentiate(FlashIpaInput in, AttentionBackend backend, FusedPrecision precision,
                             at::Device device = at::kCUDA) {
  in = to(in, device);
  for (Tensor* t : floating_inputs(in)) *t = t->detach().clone().requires_grad_(true);
  const FlashIpaOutput out = flash_ipa(in, backend, precision);
  scalar_of(out).backward();
  Differentiated result;
  for (const Tensor& t : outputs_of(out)) result.outputs.push_back(t.detach().cpu());
  for (const Tensor* t : floating_inputs(in)) result.gradients.push_back(t->grad().cpu());
  return result;
}

Differentiated of_dense(const FlashIpaInput& in) {
  return differentiate(in, AttentionBackend::kDense, FusedPrecision::kFast, at::kCPU);
}

// Twice the error of a computation on rounded operands; P is rounded in addition, and in backward G and dS.
void expect_equals_dense(const std::string& name, const FlashIpaInput& in) {
  const Differentiated expected = of_dense(in_f64(in)), plain = of_dense(operand_rounded(in));
  for (const FusedPrecision precision : kPrecisions) {
    const std::string label = name + " " + std::string(fused_precision_name(precision));
    const Differentiated got = differentiate(in, AttentionBackend::kFused, precision);
    for (size_t i = 0; i < expected.outputs.size(); ++i) {
      if (expected.outputs[i].numel() == 0) continue;
      expect_close(label + " output " + std::to_string(i), got.outputs[i], expected.outputs[i],
                   2 * (relative_error(plain.outputs[i], expected.outputs[i]) + 0x1p-12));
    }
    for (size_t i = 0; i < expected.gradients.size(); ++i) {
      if (expected.gradients[i].numel() == 0) continue;
      expect_close(label + " gradient " + std::to_string(i), got.gradients[i], expected.gradients[i],
                   2 * (relative_error(plain.gradients[i], expected.gradients[i]) + 3 * 0x1p-11));
    }
  }
}

class FusedOnCuda : public testing::Test {
 protected:
  void SetUp() override {
    if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  }
};

class FusedOnCudaOf : public FusedOnCuda, public testing::WithParamInterface<FlashIpaCase> {};

// Shapes and dtypes that the kernels do not support run as simple. The table contains both kinds.
TEST_P(FusedOnCudaOf, EqualsDenseWithGradients) {
  const FlashIpaCase& c = GetParam();
  const FlashIpaInput in = make_input(c.shape, c.dtype);
  if (flash_ipa_backends::fused_takes(in)) return expect_equals_dense(c.name, in);
  const Differentiated expected = of_dense(in_f64(in)),
                       got = differentiate(in, AttentionBackend::kFused, FusedPrecision::kFast);
  for (size_t i = 0; i < expected.outputs.size(); ++i)
    expect_close("output " + std::to_string(i), got.outputs[i], expected.outputs[i], c.tolerance);
  for (size_t i = 0; i < expected.gradients.size(); ++i) {
    if (expected.gradients[i].numel() == 0) continue;
    expect_close("gradient " + std::to_string(i), got.gradients[i], expected.gradients[i], 10 * c.tolerance);
  }
}

const std::vector<FlashIpaCase> kFusedCases = {
    {"one_residue_fused", {{1}, 8, 128, 8, 12, 2, 32}, at::kFloat, 0},
    {"ragged_fused", {{301, 97, 0, 1, 128, 129}, 3, 16, 8, 12, 2, 16}, at::kFloat, 0},
    {"empty_sequences", {{0, 0, 5}, 2, 64, 8, 12, 1, 32}, at::kFloat, 0},
    {"many_short_ones", std::vector<int64_t>(40, 33), 8, 32, 8, 12, 2, 32, at::kFloat, 0},
    {"without_pair_fused", {{200}, 3, 24, 8, 12, 0, 0}, at::kFloat, 0},
    {"rank_8_fused", {{140, 70}, 2, 128, 8, 12, 8, 8}, at::kFloat, 0},
    {"split_over_keys", {{1025}, 1, 128, 8, 12, 2, 32}, at::kFloat, 0},
    {"default_size_long", {{1500, 700}, 4, 128, 8, 12, 2, 32}, at::kFloat, 0},
};

const auto kCaseName = [](const testing::TestParamInfo<FlashIpaCase>& test) { return test.param.name; };
INSTANTIATE_TEST_SUITE_P(Shapes, FusedOnCudaOf, testing::ValuesIn(kFlashIpaCases), kCaseName);
INSTANTIATE_TEST_SUITE_P(TensorCores, FusedOnCudaOf, testing::ValuesIn(kFusedCases), kCaseName);

TEST_F(FusedOnCuda, GradientsAreEqualBitForBitInTwoRuns) {
  const FlashIpaInput in = make_input({{300, 97, 1}, 3, 128, 8, 12, 2, 32}, at::kFloat);
  const Differentiated one = differentiate(in, AttentionBackend::kFused, FusedPrecision::kFast),
                       two = differentiate(in, AttentionBackend::kFused, FusedPrecision::kFast);
  for (size_t i = 0; i < one.outputs.size(); ++i) EXPECT_TRUE(at::equal(one.outputs[i], two.outputs[i])) << i;
  for (size_t i = 0; i < one.gradients.size(); ++i) EXPECT_TRUE(at::equal(one.gradients[i], two.gradients[i])) << i;
}

// The reference is the equation in f64 at some rows, on the rounded operands of the tensor cores.
TEST_F(FusedOnCuda, LongChainsEqualTheOracleAtSomeRows) {
  const at::NoGradGuard no_grad;
  for (const int64_t L : {4096, 16384}) {
    const FlashIpaInput in =
        make_flash_ipa_example({.lengths = {L}, .sizes = {.H = 2}, .radius_of_gyration = 8.0}, at::kFloat, at::kCPU);
    const int64_t stride = L / 32;
    const FlashIpaOutput expected = flash_ipa_backends::simple_every(operand_rounded(in), stride);
    for (const FusedPrecision precision : kPrecisions) {
      const FlashIpaOutput got = flash_ipa(to(in, at::kCUDA), AttentionBackend::kFused, precision);
      for (size_t i = 0; i < outputs_of(got).size(); ++i)
        expect_close(
            std::to_string(L) + " " + std::string(fused_precision_name(precision)) + " output " + std::to_string(i),
            outputs_of(got)[i].cpu().slice(1, 0, L, stride), outputs_of(expected)[i].slice(1, 0, L, stride),
            precision == FusedPrecision::kStrict ? 2e-5 : 0x1p-11);
    }
  }
}

TEST_F(FusedOnCuda, LengthsBeyondThePaddedOneAreCut) {
  FlashIpaInput in = to(make_input({{130, 70, 20}, 2, 64, 8, 12, 2, 16}, at::kFloat), at::kCUDA);
  in.lengths = at::tensor({130, 0, 20}, at::kLong).to(at::kCUDA);
  for (const AttentionBackend backend : {AttentionBackend::kFused, AttentionBackend::kSimple}) {
    const std::vector<Tensor> expected = outputs_of(flash_ipa(in, backend));
    FlashIpaInput wrong = in;
    wrong.lengths = at::tensor({4000, -5, 20}, at::kLong).to(at::kCUDA);
    const std::vector<Tensor> got = outputs_of(flash_ipa(wrong, backend));
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(got[i], expected[i])) << i;
  }
}

TEST_F(FusedOnCuda, AnotherStreamGivesTheSameBits) {
  const FlashIpaInput in = make_input({{260, 33}, 2, 128, 8, 12, 2, 32}, at::kFloat);
  const Differentiated expected = differentiate(in, AttentionBackend::kFused, FusedPrecision::kFast);
  const c10::impl::VirtualGuardImpl cuda(at::kCUDA);
  const c10::Stream before = cuda.exchangeStream(cuda.getStreamFromGlobalPool({at::kCUDA, 0}, false));
  const Differentiated got = differentiate(in, AttentionBackend::kFused, FusedPrecision::kFast);
  cuda.exchangeStream(before);
  for (size_t i = 0; i < got.outputs.size(); ++i) EXPECT_TRUE(at::equal(got.outputs[i], expected.outputs[i])) << i;
  for (size_t i = 0; i < got.gradients.size(); ++i)
    EXPECT_TRUE(at::equal(got.gradients[i], expected.gradients[i])) << i;
}

TEST_F(FusedOnCuda, ACapturedGraphGivesWhatACallGives) {
  const at::NoGradGuard no_grad;
  const at::Device device(at::kCUDA, 0);
  const FlashIpaInput first = to(make_input({{512, 100}, 8, 128, 8, 12, 2, 32}, at::kFloat), device);
  const Tensor other = first.q.flip(1).contiguous();
  for (const FusedPrecision precision : kPrecisions) {
    FlashIpaInput in = first;
    in.q = first.q.clone();
    flash_ipa(in, AttentionBackend::kFused, precision);  // initialization at first use must not be captured
    FlashIpaOutput recorded;
    record_and_replay(
        device, [&] { recorded = flash_ipa(in, AttentionBackend::kFused, precision); }, [&] { in.q.copy_(other); }, 2);
    const std::vector<Tensor> expected = outputs_of(flash_ipa(in, AttentionBackend::kFused, precision)),
                              got = outputs_of(recorded);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(got[i], expected[i])) << i;
    EXPECT_FALSE(at::equal(got[0], flash_ipa(first, AttentionBackend::kFused, precision).scalars));
  }
}

class CountedWarnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    if (warning.msg().find("beyond +-65504") != std::string::npos) ++count;
  }
  int count = 0;
};

TEST_F(FusedOnCuda, NumbersBeyondTheRangeOfHalvesAreReportedOnce) {
  const at::NoGradGuard no_grad;
  FlashIpaInput in = to(make_input({{5}, 1, 16, 8, 12, 0, 0}, at::kFloat), at::kCUDA);
  in.v = in.v * 1e6;
  CountedWarnings warnings;
  const c10::WarningUtils::WarningHandlerGuard guard(&warnings);
  for (int call = 0; call < 1 << 14; ++call) flash_ipa(in, AttentionBackend::kFused);  // read at powers of two
  EXPECT_EQ(warnings.count, 1);
}

TEST_F(FusedOnCuda, TheSelfCheckPassesInBothPrecisions) {
  for (const FusedPrecision precision : kPrecisions) {
    const double error = backend_error(fused_check_input(at::kCUDA), [&](const FlashIpaInput& in) {
      return flash_ipa_backends::fused(in, precision);
    });
    std::printf("  %s: %.1e of %.0e\n", std::string(fused_precision_name(precision)).c_str(), error,
                kFusedCheckAllowed);
    EXPECT_LE(error, kFusedCheckAllowed);
  }
}

// At the measured sizes. On other devices and for narrow heads, auto chooses lifted.
TEST_F(FusedOnCuda, AutoTakesFusedWhereItWasMeasured) {
  const at::NoGradGuard no_grad;
  const at::Device device(at::kCUDA, 0);
  const bool measured = flash_ipa_backends::fused_device(device).capability == kFusedMeasuredCapability;
  for (const FusedPrecision precision : kPrecisions) {
    const AttentionChoice choice = explain_attention_backend(device, precision);
    EXPECT_EQ(choice.backend, measured ? AttentionBackend::kFused : AttentionBackend::kLifted) << choice.reason;
    EXPECT_EQ(choice.reason.find("by name alone") == std::string::npos, measured) << choice.reason;
    for (const int64_t C : {32, 64}) {
      const FlashIpaInput in = to(make_input({{150, 71}, 2, C, 8, 12, 2, 16}, at::kFloat), device);
      const AttentionBackend expected = measured && C == 64 ? AttentionBackend::kFused : AttentionBackend::kLifted;
      EXPECT_TRUE(at::equal(flash_ipa(in, AttentionBackend::kAuto, precision).scalars,
                            flash_ipa(in, expected, precision).scalars))
          << C;
    }
  }
}

}  // namespace
}  // namespace flashrna
