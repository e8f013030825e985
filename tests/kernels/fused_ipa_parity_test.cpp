// The emulated fused kernels against the dense definition in f64, over the shapes for every backend.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_fused.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/torch_headers.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_rounding.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

Tensor f32(const Tensor& t) { return t.defined() ? t.to(at::kFloat).contiguous() : t; }

// The tensors as a kernel reads them: f32, the rows of all entries, with padded rows between them.
class FusedInput {
 public:
  explicit FusedInput(const FlashIpaInput& in) : in_(in) {
    for (Tensor* t : floating_inputs(in_)) *t = f32(t->detach());
    first_row_ = at::arange(in.q.size(0), at::kLong) * in.q.size(1);
  }

  // Moves all tensors to a device.
  void move_to(at::Device device) {
    for (Tensor* t : floating_inputs(in_)) *t = t->to(device);
    in_.lengths = in_.lengths.to(device);
    first_row_ = first_row_.to(device);
  }

  void set_key_bias(const Tensor& key_bias) { key_bias_ = f32(key_bias); }  // [B, L]

  fused_ipa::Arguments arguments() const {
    fused_ipa::Arguments a;
    a.size = {size(in_.q, 3), size(in_.q_points, 3), size(in_.v_points, 3), size(in_.bias_q, 3), size(in_.pair_q, 3)};
    a.H = size(in_.q, 2);
    a.B = size(in_.q, 0);
    a.N = in_.q.size(0) * in_.q.size(1);
    a.first_row = first_row_.const_data_ptr<int64_t>();
    a.length = in_.lengths.const_data_ptr<int64_t>();
    for (const auto& operand : flash_ipa_backends::kFusedOperands) a.*operand.argument = data(in_.*operand.tensor);
    a.key_bias = data(key_bias_);
    return a;
  }

 private:
  static int size(const Tensor& t, int64_t dim) { return t.defined() ? static_cast<int>(t.size(dim)) : 0; }
  static const float* data(const Tensor& t) { return t.defined() ? t.const_data_ptr<float>() : nullptr; }

  FlashIpaInput in_;
  Tensor first_row_, key_bias_;
};

struct Emulated {
  FlashIpaOutput out;
  Tensor pair_sums, lse;  // [B, L, H, R, c], [B, L, H]
};

// Rows in the padding are zero, as in all backends.
Emulated emulate(const FlashIpaInput& in, const FusedInput& fused, const EmulatorOptions& options) {
  const fused_ipa::Arguments a = fused.arguments();
  const int64_t B = a.B, L = in.q.size(1), H = a.H;
  Emulated e;
  e.out.scalars = at::zeros({B, L, H, a.size.C});
  e.out.points = at::zeros({B, L, H, a.size.P_v, 3});
  e.out.point_norms = at::zeros({B, L, H, a.size.P_v});
  e.lse = at::zeros({B, L, H});
  fused_ipa::Outputs to;
  to.scalars = e.out.scalars.data_ptr<float>();
  to.points = e.out.points.data_ptr<float>();
  to.point_norms = e.out.point_norms.data_ptr<float>();
  to.lse = e.lse.data_ptr<float>();
  if (in.pair_k.defined()) {
    e.out.pairs = at::zeros({B, L, H, a.size.c});
    e.pair_sums = at::zeros({B, L, H, a.size.R, a.size.c});
    to.pairs = e.out.pairs.data_ptr<float>();
    to.pair_sums = e.pair_sums.data_ptr<float>();
  }
  emulate_forward(a, options, to);
  return e;
}

// Gradients of the inputs, in the order of floating_inputs(), from those of the outputs; and of the key bias [B, L].
struct EmulatedGradients {
  std::vector<Tensor> inputs;
  Tensor key_bias;
};

EmulatedGradients emulate_gradients(const FlashIpaInput& in, const FusedInput& fused, const Emulated& forward,
                                    const FlashIpaOutput& by_outputs, const BackwardOptions& options) {
  const fused_ipa::Arguments a = fused.arguments();
  const auto data = [](const Tensor& t) { return t.defined() ? t.const_data_ptr<float>() : nullptr; };
  fused_ipa::OutputGradients g;
  g.scalars = data(forward.out.scalars);
  g.points = data(forward.out.points);
  g.pair_sums = data(forward.pair_sums);
  g.lse = data(forward.lse);
  g.d_scalars = data(by_outputs.scalars);
  g.d_points = data(by_outputs.points);
  g.d_point_norms = data(by_outputs.point_norms);
  g.d_pairs = data(by_outputs.pairs);
  EmulatedGradients e;
  fused_ipa::InputGradients to;
  for (const auto& operand : flash_ipa_backends::kFusedOperands) {
    const Tensor& tensor = in.*operand.tensor;
    if (!tensor.defined()) continue;
    e.inputs.push_back(at::zeros(tensor.sizes()));
    to.*operand.gradient = e.inputs.back().data_ptr<float>();
  }
  e.key_bias = at::zeros({in.q.size(0), in.q.size(1)});
  to.key_bias = e.key_bias.data_ptr<float>();
  emulate_backward(a, g, options, to);
  return e;
}

// The gradients of scalar_of() with respect to the outputs.
FlashIpaOutput output_gradients(const FlashIpaOutput& out) {
  FlashIpaOutput leaves = out;
  for (Tensor* t : {&leaves.scalars, &leaves.points, &leaves.point_norms, &leaves.pairs}) {
    if (t->defined()) *t = t->detach().clone().requires_grad_(true);
  }
  scalar_of(leaves).backward();
  for (Tensor* t : {&leaves.scalars, &leaves.points, &leaves.point_norms, &leaves.pairs}) {
    if (t->defined()) *t = t->grad();
  }
  return leaves;
}

struct Mode {
  const char* name;
  EmulatorOptions options;
};

const std::vector<Mode> kModes = {
    {"sm90_strict", {fused_ipa::kForwardTileSm90, true, 1, Accumulation::kNearest, {}}},
    {"sm90_strict_24_bits", {fused_ipa::kForwardTileSm90, true, 1, Accumulation::k24Bits, {}}},
    {"sm80_strict_3_parts", {fused_ipa::kForwardTileSm80, true, 3, Accumulation::k24Bits, {}}},
    {"sm90_fast", {fused_ipa::kForwardTileSm90, false, 1, Accumulation::k24Bits, {}}},
    {"sm90_fast_8_parts", {fused_ipa::kForwardTileSm90, false, 8, Accumulation::k24Bits, {}}},
    {"sm80_fast", {fused_ipa::kForwardTileSm80, false, 1, Accumulation::k26Bits, {}}},
    {"sm86_fast_2_parts", {fused_ipa::kForwardTileSmallSm80, false, 2, Accumulation::k24Bits, {}}},
};

class FusedIpaForward : public testing::TestWithParam<FlashIpaCase> {};

// The error that remains if the reference uses the same rounded operands. Strict: 22 bits of points and P, and f32
// sums, as in every f32 backend. Fast: in addition one rounding of P to 11 bits.
TEST_P(FusedIpaForward, EqualsDenseOnTheRoundedOperands) {
  const FlashIpaCase& c = GetParam();
  const FlashIpaInput in = make_input(c.shape, at::kFloat);
  const std::vector<Tensor> expected = outputs_of(flash_ipa(operand_rounded(in), AttentionBackend::kDense));
  for (const Mode& mode : kModes) {
    const std::vector<Tensor> got = outputs_of(emulate(in, FusedInput(in), mode.options).out);
    for (size_t i = 0; i < expected.size(); ++i) {
      expect_close(std::string(c.name) + " " + mode.name + " output " + std::to_string(i), got[i], expected[i],
                   mode.options.strict ? 2e-5 : 0x1p-11);
    }
  }
}

// The criterion of flash-attention: at most twice the error of a plain computation on the same rounded operands, here
// the definition in f64, plus one rounding of P.
TEST_P(FusedIpaForward, ErrorIsThatOfTheRoundedOperands) {
  const FlashIpaCase& c = GetParam();
  const FlashIpaInput in = make_input(c.shape, at::kFloat);
  const std::vector<Tensor> expected = outputs_of(flash_ipa(in_f64(in), AttentionBackend::kDense));
  const std::vector<Tensor> plain = outputs_of(flash_ipa(operand_rounded(in), AttentionBackend::kDense));
  for (const Mode& mode : kModes) {
    const std::vector<Tensor> got = outputs_of(emulate(in, FusedInput(in), mode.options).out);
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i].numel() == 0) continue;
      expect_close(std::string(c.name) + " " + mode.name + " output " + std::to_string(i), got[i], expected[i],
                   2 * (relative_error(plain[i], expected[i]) + 0x1p-12));
    }
  }
}

TEST_P(FusedIpaForward, LogSumExpAndPairSumsEqualTheirDefinition) {
  const FlashIpaCase& c = GetParam();
  const FlashIpaInput in = make_input(c.shape, at::kFloat), exact = operand_rounded(in);
  const Emulated got = emulate(in, FusedInput(in), kModes[0].options);
  for (int64_t b = 0; b < exact.q.size(0); ++b) {
    const int64_t n = c.shape.lengths[b];
    if (n == 0) continue;
    const auto rows = [&](const Tensor& t) { return t[b].narrow(0, 0, n); };
    const auto global = [&](const Tensor& points) {  // [H, n, 3 P]
      const Tensor x = at::einsum("nxy,nhpy->nhpx", {rows(exact.rotations), rows(points)});
      return (x + rows(exact.translations).view({n, 1, 1, 3})).flatten(2).transpose(0, 1);
    };
    Tensor logits = at::einsum("ihc,jhc->hij", {rows(exact.q), rows(exact.k)}) / std::sqrt(3.0 * in.q.size(3));
    if (exact.bias_q.defined()) {
      logits = logits + at::einsum("ihr,jhr->hij", {rows(exact.bias_q), rows(exact.bias_k)});
    }
    const Tensor differences = global(exact.q_points).unsqueeze(2) - global(exact.k_points).unsqueeze(1);
    logits = logits - 0.5 * exact.point_weights.view({-1, 1, 1}) * differences.square().sum(3);
    // Logits of order 100 have 22 bits; the tolerance is the absolute error in units of log 2.
    expect_close("lse of entry " + std::to_string(b), rows(got.lse).t(), at::logsumexp(logits, {2}) / std::log(2.0),
                 2e-5);
    if (exact.pair_k.defined()) {
      expect_close("pair sums of entry " + std::to_string(b), rows(got.pair_sums),
                   at::einsum("hij,jrc->ihrc", {at::softmax(logits, 2), rows(exact.pair_k)}), 2e-5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedIpaForward, testing::ValuesIn(kFlashIpaCases),
                         [](const testing::TestParamInfo<FlashIpaCase>& test) { return test.param.name; });

struct BackwardMode {
  const char* name;
  BackwardOptions options;
};

const std::vector<BackwardMode> kBackwardModes = {
    {"sm90", {fused_ipa::kQueryGradientTileSm90, fused_ipa::kKeyGradientTileSm90, Accumulation::k24Bits}},
    {"sm80", {fused_ipa::kQueryGradientTileSm80, fused_ipa::kKeyGradientTileSm80, Accumulation::k26Bits}},
    {"sm86", {fused_ipa::kQueryGradientTileSmallSm80, fused_ipa::kKeyGradientTileSmallSm80, Accumulation::k24Bits}},
};

// Gradients of dense on the rounded operands, for given gradients of its outputs.
std::vector<Tensor> gradients_of_dense(const FlashIpaInput& rounded, const FlashIpaOutput& by_outputs) {
  FlashIpaInput in = rounded;
  for (Tensor* t : floating_inputs(in)) *t = t->detach().clone().requires_grad_(true);
  const std::vector<Tensor> outputs = outputs_of(flash_ipa(in, AttentionBackend::kDense));
  const std::vector<Tensor> weights = outputs_of(by_outputs);
  Tensor sum = at::scalar_tensor(0.0, at::kDouble);
  for (size_t i = 0; i < outputs.size(); ++i) sum = sum + (outputs[i] * weights[i]).sum();
  sum.backward();
  std::vector<Tensor> gradients;
  for (Tensor* t : floating_inputs(in)) gradients.push_back(t->grad());
  return gradients;
}

class FusedIpaBackward : public testing::TestWithParam<FlashIpaCase> {};

// The plain computation is dense with output gradients rounded to halves. The kernels also round P and dS, each with a
// relative error of at most 2^-11. Allowed: twice the plain error plus these two.
TEST_P(FusedIpaBackward, ErrorIsThatOfRoundedGradients) {
  const FlashIpaCase& c = GetParam();
  const FlashIpaInput in = make_input(c.shape, at::kFloat), rounded = operand_rounded(in);
  const Emulated forward = emulate(in, FusedInput(in), kModes[3].options);
  const FlashIpaOutput by_outputs = output_gradients(forward.out);
  FlashIpaOutput rounded_by_outputs = by_outputs;
  for (Tensor* t : {&rounded_by_outputs.scalars, &rounded_by_outputs.points, &rounded_by_outputs.point_norms,
                    &rounded_by_outputs.pairs}) {
    *t = half_rounded(*t);
  }
  const std::vector<Tensor> expected = gradients_of_dense(rounded, by_outputs);
  const std::vector<Tensor> plain = gradients_of_dense(rounded, rounded_by_outputs);
  for (const BackwardMode& mode : kBackwardModes) {
    const EmulatedGradients got = emulate_gradients(in, FusedInput(in), forward, by_outputs, mode.options);
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i].numel() == 0) continue;
      expect_close(std::string(c.name) + " " + mode.name + " gradient " + std::to_string(i), got.inputs[i], expected[i],
                   2 * relative_error(plain[i], expected[i]) + 0x1p-10);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedIpaBackward, testing::ValuesIn(kFlashIpaCases),
                         [](const testing::TestParamInfo<FlashIpaCase>& test) { return test.param.name; });

// A bias of the keys equals an unfactorized pair bias shared by all queries and heads, which the definition supports.
FlashIpaInput with_key_bias(FlashIpaInput in, const Tensor& key_bias) {
  const int64_t B = in.q.size(0), L = in.q.size(1), H = in.q.size(2);
  in.pair_bias = key_bias.to(at::kDouble).view({B, 1, L, 1}).expand({B, L, L, H});
  return in;
}

TEST(FusedIpaForwardOf, KeyBiasIsAddedToEveryLogit) {
  const FlashIpaInput in = make_input({{140, 57}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  Waves wave;
  const Tensor key_bias = wave({2, 140}).to(at::kFloat) * 3.0;
  FusedInput fused(in);
  fused.set_key_bias(key_bias);
  const std::vector<Tensor> expected =
      outputs_of(flash_ipa(with_key_bias(operand_rounded(in), key_bias), AttentionBackend::kDense));
  const std::vector<Tensor> got = outputs_of(emulate(in, fused, kModes[0].options).out);
  for (size_t i = 0; i < expected.size(); ++i) expect_close("output " + std::to_string(i), got[i], expected[i], 2e-5);
}

TEST(FusedIpaBackwardOf, KeyBiasAndMaskedKeysHaveTheGradientsOfDense) {
  const FlashIpaInput in = make_input({{140, 57}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  Waves wave;
  Tensor key_bias = wave({2, 140}).to(at::kFloat) * 3.0;
  key_bias[0].narrow(0, 70, 70).fill_(-INFINITY);
  FusedInput fused(in);
  fused.set_key_bias(key_bias);
  FlashIpaInput exact = operand_rounded(in);
  std::vector<Tensor> expected;
  Tensor exact_bias = key_bias.to(at::kDouble).clamp_min(-1e30).requires_grad_(true);
  for (Tensor* t : floating_inputs(exact)) *t = t->detach().clone().requires_grad_(true);
  const FlashIpaOutput out = flash_ipa(with_key_bias(exact, exact_bias), AttentionBackend::kDense);
  scalar_of(out).backward();
  for (Tensor* t : floating_inputs(exact)) expected.push_back(t->grad());
  const Emulated forward = emulate(in, fused, kModes[3].options);
  const EmulatedGradients got =
      emulate_gradients(in, fused, forward, output_gradients(forward.out), kBackwardModes[0].options);
  // Three roundings to halves: of G, P and dS.
  for (size_t i = 0; i < expected.size(); ++i) {
    expect_close("gradient " + std::to_string(i), got.inputs[i], expected[i], 3 * 0x1p-10);
  }
  expect_close("gradient of the key bias", got.key_bias, exact_bias.grad(), 3 * 0x1p-10);
}

TEST(FusedIpaBackwardOf, RowsWithoutKeysHaveNoGradient) {
  const FlashIpaInput in = make_input({{130, 60}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  Tensor key_bias = at::zeros({2, 130});
  key_bias[1].fill_(-INFINITY);
  FusedInput fused(in);
  fused.set_key_bias(key_bias);
  const Emulated forward = emulate(in, fused, kModes[3].options);
  const EmulatedGradients got =
      emulate_gradients(in, fused, forward, output_gradients(forward.out), kBackwardModes[0].options);
  for (size_t i = 0; i < got.inputs.size(); ++i) {
    EXPECT_TRUE(got.inputs[i].isfinite().all().item<bool>()) << "gradient " << i;
    if (got.inputs[i].dim() > 1) {
      EXPECT_EQ(got.inputs[i][1].abs().max().item<float>(), 0.0f) << "gradient " << i;
      EXPECT_GT(got.inputs[i][0].abs().max().item<float>(), 0.0f) << "gradient " << i;
    }
  }
}

// |dS| stays within the range of halves for gradients of any size, and the scaling is reverted exactly.
TEST(FusedIpaBackwardOf, GradientsScaleByAPowerOfTwoExactly) {
  const FlashIpaInput in = make_input({{97, 13}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  const FusedInput fused(in);
  const Emulated forward = emulate(in, fused, kModes[3].options);
  const FlashIpaOutput by_outputs = output_gradients(forward.out);
  const EmulatedGradients once = emulate_gradients(in, fused, forward, by_outputs, kBackwardModes[0].options);
  for (const double factor : {0x1p-60, 0x1p40}) {
    FlashIpaOutput scaled = by_outputs;
    for (Tensor* t : {&scaled.scalars, &scaled.points, &scaled.point_norms, &scaled.pairs}) *t = *t * factor;
    const EmulatedGradients got = emulate_gradients(in, fused, forward, scaled, kBackwardModes[0].options);
    for (size_t i = 0; i < once.inputs.size(); ++i) {
      EXPECT_TRUE(at::equal(got.inputs[i], once.inputs[i] * factor)) << "gradient " << i << ", factor " << factor;
    }
  }
}

TEST(FusedIpaForwardOf, MaskedKeysCountAsAbsentAndRowsWithoutKeysAreZero) {
  const FlashIpaInput in = make_input({{200, 150}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  for (const float masked : {-INFINITY, -1e30f}) {
    // Masks the last 101 keys of the first entry, including whole tiles, and all keys of the second entry.
    Tensor key_bias = at::zeros({2, 200});
    key_bias[0].narrow(0, 99, 101).fill_(masked);
    key_bias[1].fill_(masked);
    FusedInput fused(in);
    fused.set_key_bias(key_bias);
    const std::vector<Tensor> expected =
        outputs_of(flash_ipa(with_key_bias(operand_rounded(in), key_bias.clamp_min(-1e30)), AttentionBackend::kDense));
    for (const Mode& mode : kModes) {
      const Emulated e = emulate(in, fused, mode.options);
      const std::vector<Tensor> got = outputs_of(e.out);
      for (size_t i = 0; i < expected.size(); ++i) {
        expect_close(std::string(mode.name) + " output " + std::to_string(i), got[i][0], expected[i][0],
                     mode.options.strict ? 2e-5 : 0x1p-11);
      }
      const auto rows = [](const Tensor& t) { return t[1].narrow(0, 0, 150); };
      EXPECT_EQ(rows(e.out.scalars).abs().max().item<float>(), 0.0f);
      EXPECT_EQ(rows(e.out.points).abs().max().item<float>(), 0.0f);
      EXPECT_EQ(rows(e.out.pairs).abs().max().item<float>(), 0.0f);
      EXPECT_EQ(rows(e.pair_sums).abs().max().item<float>(), 0.0f);
      EXPECT_EQ(rows(e.lse).min().item<float>(), INFINITY);
      EXPECT_LE((rows(e.out.point_norms) - 1e-4).abs().max().item<float>(), 1e-9f);
    }
  }
}

TEST(FusedIpaForwardOf, ChosenRowsAreThoseOfAllRows) {
  const FlashIpaInput in = make_input({{300, 97}, 2, 16, 8, 12, 2, 8}, at::kFloat);
  EmulatorOptions options = kModes[3].options;
  const std::vector<Tensor> all = outputs_of(emulate(in, FusedInput(in), options).out);
  options.rows = {0, 5, 96, 127, 128, 299};
  const std::vector<Tensor> some = outputs_of(emulate(in, FusedInput(in), options).out);
  for (size_t i = 0; i < all.size(); ++i) {
    for (const int row : options.rows) EXPECT_TRUE(at::equal(some[i].select(1, row), all[i].select(1, row))) << row;
    EXPECT_EQ(some[i].select(1, 6).abs().max().item<float>(), 0.0f);
  }
}

// On a GPU -----------------------------------------------------------------------------------------------------------

// Runs the forward kernels, for inputs that they support. Rows in the padding stay zero.
Emulated run_on_cuda(const FlashIpaInput& in, FusedPrecision precision) {
  const at::Device device(at::kCUDA, 0);
  FusedInput fused(in);
  fused.move_to(device);
  const fused_ipa::Arguments a = fused.arguments();
  const CudaDevice properties = describe_cuda_device(0);
  const FusedForwardPlan plan =
      plan_fused_forward(a.size, a.B, a.H, in.q.size(1), precision,
                         {properties.capability, properties.shared_bytes_per_block, properties.multiprocessors});
  const at::TensorOptions floats = at::TensorOptions(at::kFloat).device(device);
  const int64_t B = a.B, L = in.q.size(1), H = a.H;
  const Tensor workspace = at::empty({plan.workspace_bytes + 256}, floats.dtype(at::kByte));
  Emulated e;
  e.out.scalars = at::zeros({B, L, H, a.size.C}, floats);
  e.out.points = at::zeros({B, L, H, a.size.P_v, 3}, floats);
  e.out.point_norms = at::zeros({B, L, H, a.size.P_v}, floats);
  e.lse = at::zeros({B, L, H}, floats);
  fused_ipa::Outputs to;
  to.scalars = e.out.scalars.data_ptr<float>();
  to.points = e.out.points.data_ptr<float>();
  to.point_norms = e.out.point_norms.data_ptr<float>();
  to.lse = e.lse.data_ptr<float>();
  if (in.pair_k.defined()) {
    e.out.pairs = at::zeros({B, L, H, a.size.c}, floats);
    e.pair_sums = at::zeros({B, L, H, a.size.R, a.size.c}, floats);
    to.pairs = e.out.pairs.data_ptr<float>();
    to.pair_sums = e.pair_sums.data_ptr<float>();
  }
  fused_forward_cuda(a, to, plan, workspace.data_ptr(), current_cuda_stream(device));
  for (Tensor* t : {&e.out.scalars, &e.out.points, &e.out.point_norms, &e.out.pairs, &e.pair_sums, &e.lse}) {
    if (t->defined()) *t = t->cpu();
  }
  return e;
}

TEST(FusedIpaOnCuda, ForwardEqualsDenseOnTheRoundedOperands) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  const std::vector<FlashIpaShape> shapes = {{{301, 97, 0, 1, 128}, 2, 16, 8, 12, 2, 16},
                                             {{150, 1}, 2, 128, 8, 12, 2, 32},
                                             {{1025}, 8, 128, 8, 12, 2, 32},
                                             {{200}, 3, 24, 8, 12, 0, 0},
                                             {{2000, 70}, 4, 128, 8, 12, 4, 8}};
  for (const FlashIpaShape& shape : shapes) {
    const FlashIpaInput in = make_input(shape, at::kFloat);
    const std::vector<Tensor> expected = outputs_of(flash_ipa(operand_rounded(in), AttentionBackend::kDense));
    for (const FusedPrecision precision : {FusedPrecision::kFast, FusedPrecision::kStrict}) {
      const std::vector<Tensor> got = outputs_of(run_on_cuda(in, precision).out);
      for (size_t i = 0; i < expected.size(); ++i) {
        expect_close("length " + std::to_string(shape.lengths[0]) + " output " + std::to_string(i), got[i], expected[i],
                     precision == FusedPrecision::kStrict ? 2e-5 : 0x1p-11);
      }
    }
  }
}

}  // namespace
}  // namespace flashrna
