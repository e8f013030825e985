// The fused backend as flash_ipa() runs it, against the dense definition: on the host with emulated kernels behind its
// autograd, on a GPU with the CUDA kernels.
#include "kernels/flash_ipa/flash_ipa_fused.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/flash_ipa/attention_choice.h"
#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/torch_headers.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_rounding.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

class EmulatedKernels : public flash_ipa_backends::FusedKernels {
 public:
  void forward(const fused_ipa::Arguments& in, const fused_ipa::Outputs& out, FusedPrecision precision,
               at::Device) const override {
    EmulatorOptions options;
    options.strict = precision == FusedPrecision::kStrict;
    emulate_forward(in, options, out);
  }
  void backward(const fused_ipa::Arguments& in, const fused_ipa::OutputGradients& gradients,
                const fused_ipa::InputGradients& out, at::Device) const override {
    emulate_backward(in, gradients, {}, out);
  }
};

BackendFunction emulated(FusedPrecision precision) {
  const auto kernels = c10::make_intrusive<EmulatedKernels>();
  return [=](const FlashIpaInput& in) { return flash_ipa_backends::fused_with(kernels, in, precision); };
}

FlashIpaOutput dense(const FlashIpaInput& in) { return flash_ipa(in, AttentionBackend::kDense); }

struct Differentiated {
  std::vector<Tensor> outputs, gradients;
};

Differentiated differentiate(FlashIpaInput in, const BackendFunction& backend) {
  for (Tensor* t : floating_inputs(in)) *t = t->detach().clone().requires_grad_(true);
  const FlashIpaOutput out = backend(in);
  scalar_of(out).backward();
  Differentiated result{outputs_of(out), {}};
  for (const Tensor* t : floating_inputs(in)) result.gradients.push_back(t->grad());
  return result;
}

struct Shape {
  const char* name;
  FlashIpaShape shape;
  bool bias = true, pair = true;

  FlashIpaInput input() const {
    FlashIpaInput in = make_input(shape, at::kFloat);
    if (!bias) in.bias_q = in.bias_k = Tensor();
    if (!pair) in.pair_q = in.pair_k = Tensor();
    return in;
  }
};

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

class FusedBackend : public testing::TestWithParam<Shape> {};

TEST_P(FusedBackend, ForwardAndGradientsEqualDenseButForRounding) {
  const FlashIpaInput in = GetParam().input();
  const Differentiated expected = differentiate(in_f64(in), dense), plain = differentiate(operand_rounded(in), dense);
  for (const FusedPrecision precision : {FusedPrecision::kFast, FusedPrecision::kStrict}) {
    const std::string name = std::string(fused_precision_name(precision)) + " ";
    const Differentiated got = differentiate(in, emulated(precision));
    // Twice the error of a computation on rounded operands; P is rounded in addition, and in backward G and dS.
    for (size_t i = 0; i < expected.outputs.size(); ++i)
      expect_close(name + "output " + std::to_string(i), got.outputs[i], expected.outputs[i],
                   2 * (relative_error(plain.outputs[i], expected.outputs[i]) + 0x1p-12));
    for (size_t i = 0; i < expected.gradients.size(); ++i)
      expect_close(name + "gradient " + std::to_string(i), got.gradients[i], expected.gradients[i],
                   2 * (relative_error(plain.gradients[i], expected.gradients[i]) + 3 * 0x1p-11));
  }
}

TEST_P(FusedBackend, WithoutGradientsTheOutputsAreTheSameAndThePaddingIsZero) {
  FlashIpaInput in = GetParam().input();
  const FlashIpaOutput with_gradients = emulated(FusedPrecision::kFast)(in);
  const Differentiated differentiated = differentiate(in, emulated(FusedPrecision::kFast));
  for (Tensor* t : floating_inputs(in)) {  // sets arbitrary values in the padding
    if (t->dim() < 2) continue;
    *t = t->clone();
    for (size_t b = 0; b < GetParam().shape.lengths.size(); ++b) {
      const int64_t n = GetParam().shape.lengths[b];
      t->select(0, b).narrow(0, n, t->size(1) - n).fill_(NAN);
    }
  }
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> got = outputs_of(emulated(FusedPrecision::kFast)(in));
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(at::equal(got[i], outputs_of(with_gradients)[i])) << "output " << i;
    EXPECT_TRUE(at::equal(got[i], differentiated.outputs[i])) << "output " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedBackend,
                         testing::Values(Shape{"one_residue", {{1}, 2, 16, 8, 12, 2, 8}},
                                         Shape{"ragged", {{97, 0, 1, 60}, 3, 16, 8, 12, 2, 8}},
                                         Shape{"rank_8", {{33, 20}, 2, 8, 8, 12, 8, 8}},
                                         Shape{"without_pair", {{130, 20}, 2, 24, 8, 12, 0, 0}},
                                         Shape{"bias_alone", {{33, 20}, 2, 16, 8, 12, 3, 8}, true, false},
                                         Shape{"pair_values_alone", {{33, 20}, 2, 16, 8, 12, 2, 8}, false, true},
                                         Shape{"default_size", {{150, 1}, 2, 128, 8, 12, 2, 32}}),
                         [](const testing::TestParamInfo<Shape>& test) { return test.param.name; });

TEST(FusedBackendOf, AHeadOfWeightZeroHasTheOutputsAndGradientsOfDense) {
  FlashIpaInput in = make_input({{97, 13}, 3, 16, 8, 12, 2, 8}, at::kFloat);
  in.point_weights[1] = 0.0;
  const Differentiated expected = differentiate(in_f64(in), dense), plain = differentiate(operand_rounded(in), dense);
  const Differentiated got = differentiate(in, emulated(FusedPrecision::kStrict));
  for (size_t i = 0; i < expected.outputs.size(); ++i)
    expect_close("output " + std::to_string(i), got.outputs[i], expected.outputs[i],
                 2 * (relative_error(plain.outputs[i], expected.outputs[i]) + 0x1p-12));
  for (size_t i = 0; i < expected.gradients.size(); ++i) {
    Tensor gradient = got.gradients[i], exact = expected.gradients[i];
    if (gradient.dim() == 1) {  // of the weights: computed from the points' gradients, which vanish with the weight
      EXPECT_EQ(gradient[1].item<float>(), 0.0f);
      const Tensor others = at::tensor({0, 2}, at::kLong);
      gradient = gradient.index_select(0, others);
      exact = exact.index_select(0, others);
    }
    expect_close("gradient " + std::to_string(i), gradient, exact,
                 2 * (relative_error(plain.gradients[i], expected.gradients[i]) + 3 * 0x1p-11));
  }
}

TEST(FusedBackendOf, ALossOfOneOutputHasItsGradients) {
  const auto gradients_of = [](FlashIpaInput in, const BackendFunction& backend) {
    for (Tensor* t : floating_inputs(in)) *t = t->detach().clone().requires_grad_(true);
    backend(in).point_norms.sum().backward();
    std::vector<Tensor> gradients;
    for (const Tensor* t : floating_inputs(in)) gradients.push_back(t->grad());
    return gradients;
  };
  const FlashIpaInput in = make_input({{40, 29}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  const std::vector<Tensor> expected = gradients_of(in_f64(in), dense),
                            got = gradients_of(in, emulated(FusedPrecision::kFast));
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!expected[i].defined() || expected[i].abs().max().item<double>() == 0) {  // scalars and pair values
      EXPECT_EQ(got[i].abs().max().item<float>(), 0.0f) << i;
      continue;
    }
    expect_close("gradient " + std::to_string(i), got[i], expected[i], 1e-2);
  }
}

TEST(FusedBackendOf, TheSelfCheckSeesForwardAndBackwardAndTheEmulationPassesIt) {
  const FlashIpaInput in = fused_check_input(at::kCPU);
  EXPECT_TRUE(flash_ipa_backends::fused_takes(in));
  for (const FusedPrecision precision : {FusedPrecision::kFast, FusedPrecision::kStrict}) {
    const double error = backend_error(in, emulated(precision));
    std::printf("  %s: %.1e of %.0e\n", std::string(fused_precision_name(precision)).c_str(), error,
                kFusedCheckAllowed);
    EXPECT_LT(error, kFusedCheckAllowed / 2);
  }
  const auto with_wrong_gradient = [](const FlashIpaInput& input) {
    FlashIpaOutput out = dense(input);
    out.points = 1.2 * out.points - 0.2 * out.points.detach();
    return out;
  };
  EXPECT_GT(backend_error(in, with_wrong_gradient), kFusedCheckAllowed);
  const auto with_wrong_output = [](const FlashIpaInput& input) {
    FlashIpaOutput out = dense(input);
    out.pairs = out.pairs + std::numeric_limits<float>::quiet_NaN();
    return out;
  };
  EXPECT_EQ(backend_error(in, with_wrong_output), std::numeric_limits<double>::infinity());
}

TEST(FusedBackendOf, TakesWhatItsKernelsTakeAndNothingElse) {
  const auto takes = [](const FlashIpaShape& shape, at::ScalarType dtype = at::kFloat) {
    return flash_ipa_backends::fused_takes(make_input(shape, dtype));
  };
  EXPECT_TRUE(takes({{9}, 8, 128, 8, 12, 2, 32}));
  EXPECT_TRUE(takes({{9}, 3, 5, 8, 12, 0, 0}));
  EXPECT_FALSE(takes({{9}, 8, 128, 8, 12, 2, 32}, at::kDouble));
  EXPECT_FALSE(takes({{9}, 8, 129, 8, 12, 2, 32}));
  EXPECT_FALSE(takes({{9}, 8, 128, 4, 12, 2, 32}));
  EXPECT_FALSE(takes({{9}, 8, 128, 8, 8, 2, 32}));
  EXPECT_FALSE(takes({{9}, 8, 128, 8, 12, 4, 32}));
  FlashIpaInput in = make_input({{9}, 8, 16, 8, 12, 2, 8}, at::kFloat);
  in.bias_q = in.bias_k = at::zeros({1, 9, 8, 3});  // a rank that differs from that of the pair values
  EXPECT_FALSE(flash_ipa_backends::fused_takes(in));
}

TEST(FusedBackendOf, ACpuIsRefusedWithWhatToUse) {
  const FlashIpaInput in = make_input({{9}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  try {
    flash_ipa(in, AttentionBackend::kFused);
    ADD_FAILURE() << "no error";
  } catch (const c10::Error& error) {
    EXPECT_EQ(std::string(error.what_without_backtrace()),
              "flash_ipa: the fused backend runs on CUDA, q is on cpu; use auto, lifted or dense there");
  }
}

TEST(AttentionChoiceOf, TheFirstCandidateThatPassesIsTakenWithWhatAllFound) {
  SelfCheck passes("one", "another", 1.0, [](at::Device) { return 0.5; });
  SelfCheck differs("two", "another", 1.0, [](at::Device) { return 2.0; });
  SelfCheck throws("three", "another", 1.0, [](at::Device) -> double { throw std::runtime_error("no kernel image"); });
  const AttentionChoice first =
      first_that_passes({{AttentionBackend::kFused, &passes}, {AttentionBackend::kLifted, &differs}}, at::kCPU);
  EXPECT_EQ(first.backend, AttentionBackend::kFused);
  const AttentionChoice second = first_that_passes({{AttentionBackend::kFused, &throws},
                                                    {AttentionBackend::kSimple, &differs},
                                                    {AttentionBackend::kLifted, &passes}},
                                                   at::kCPU);
  EXPECT_EQ(second.backend, AttentionBackend::kLifted);
  EXPECT_EQ(second.reason,
            "three fails on cpu: no kernel image; two differs from its reference by 2 on cpu (allowed 1); one differs "
            "from its reference by 0.5 on cpu (allowed 1)");
  EXPECT_EQ(first_that_passes({{AttentionBackend::kFused, &throws}}, at::kCPU).backend, AttentionBackend::kDense);
}

}  // namespace
}  // namespace flashrna
