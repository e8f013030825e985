// The parts of a step besides the losses: AdamW, learning rate, clipping, averaged weights, log.
#include "libfold/training/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/training/ema.h"
#include "libfold/training/metrics_log.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

// The update of Loshchilov & Hutter (arXiv:1711.05101), algorithm 2, written out in f64.
TEST(AdamWTest, FollowsTheAlgorithm) {
  at::Tensor parameter = at::tensor({0.5, -1.0, 2.0}, at::kDouble).set_requires_grad(true);
  at::Tensor expected = parameter.detach().clone(), m = at::zeros({3}, at::kDouble), v = at::zeros({3}, at::kDouble);
  AdamW optimizer({{"p", parameter}});
  for (int n = 1; n <= 5; ++n) {
    const double learning_rate = 0.01 * n;
    const at::Tensor gradient = at::tensor({0.1 * n, -0.3, 1e-4 / n}, at::kDouble);
    parameter.mutable_grad() = gradient.clone();
    optimizer.step(learning_rate);
    expected = expected * (1 - learning_rate * 0.01);
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient * gradient;
    expected = expected - learning_rate * (m / (1 - std::pow(0.9, n))) / ((v / (1 - std::pow(0.999, n))).sqrt() + 1e-8);
  }
  const double error = (parameter.detach() - expected).abs().max().item<double>();
  EXPECT_LE(error, 1e-13) << "largest error " << error;
}

TEST(LearningRateTest, WarmsUpThenFollowsTheCosineToZero) {
  const LearningRateSchedule schedule{2e-3, 4, "cosine", 104};
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.5e-3);
  EXPECT_DOUBLE_EQ(schedule.at(3), 2e-3);
  EXPECT_DOUBLE_EQ(schedule.at(4), 2e-3);
  EXPECT_DOUBLE_EQ(schedule.at(54), 1e-3);
  EXPECT_NEAR(schedule.at(104), 0.0, 1e-18);
  EXPECT_DOUBLE_EQ((LearningRateSchedule{2e-3, 0, "constant", 10}.at(7)), 2e-3);
}

TEST(LearningRateTest, AConstantScheduleCoolsDownLinearly) {
  const LearningRateSchedule schedule{2e-3, 4, "constant", 100, 20};
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.5e-3);
  EXPECT_DOUBLE_EQ(schedule.at(80), 2e-3);
  EXPECT_DOUBLE_EQ(schedule.at(90), 1e-3);
  EXPECT_DOUBLE_EQ(schedule.at(99), 1e-4);
  EXPECT_DOUBLE_EQ(schedule.at(120), 0.0);
}

TEST(ClippingTest, ScalesAllGradientsTogether) {
  at::Tensor a = at::zeros({2}).set_requires_grad(true), b = at::zeros({}).set_requires_grad(true);
  auto set = [&] {
    a.mutable_grad() = at::tensor({3.0f, 0.0f});
    b.mutable_grad() = at::scalar_tensor(4.0);
  };
  const NamedParameters parameters{{"a", a}, {"b", b}};
  set();
  EXPECT_FLOAT_EQ(clip_gradients(parameters, 0).item<float>(), 5.0f);
  EXPECT_FLOAT_EQ(b.grad().item<float>(), 4.0f);
  EXPECT_FLOAT_EQ(clip_gradients(parameters, 0.5).item<float>(), 5.0f);
  EXPECT_NEAR(a.grad()[0].item<double>(), 0.3, 1e-6);
  EXPECT_NEAR(b.grad().item<double>(), 0.4, 1e-6);
  set();
  clip_gradients(parameters, 100.0);
  EXPECT_FLOAT_EQ(b.grad().item<float>(), 4.0f) << "a gradient below the limit was changed";
}

TEST(EmaTest, FollowsTheFormulaAndSwapsBack) {
  const at::Tensor weight = at::full({1}, 1.0, at::kDouble);
  Ema ema({{"w", weight}}, 0.9);
  weight.fill_(2.0);
  ema.update(0);  // d = 1/10
  EXPECT_NEAR(ema.average()[0].second.item<double>(), 1.0 + 0.9 * 1.0, 1e-15);
  ema.update(1000);  // d = 0.9
  EXPECT_NEAR(ema.average()[0].second.item<double>(), 1.9 + 0.1 * 0.1, 1e-15);
  {
    const ScopedEma scoped(ema);
    EXPECT_NEAR(weight.item<double>(), 1.91, 1e-15);
  }
  EXPECT_EQ(weight.item<double>(), 2.0);
}

TEST(MetricsLogTest, RefusesOtherColumnsAndUnknownValues) {
  const TemporaryFolder folder;
  MetricsLog log(folder / "m.csv", {"loss", "seconds"}, 0);
  log.append(3, {{"seconds", 0.5}});
  EXPECT_EQ(read_text(folder / "m.csv"), "step,loss,seconds\n3,,0.5\n");
  EXPECT_THROW(log.append(4, {{"los", 1.0}}), Error);
  EXPECT_THROW(MetricsLog(folder / "m.csv", {"loss"}, 3), Error);
}

}  // namespace
}  // namespace flashrna
