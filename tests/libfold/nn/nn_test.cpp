// Properties of the network beyond the golden numbers: initialization, symmetry, padding, errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "libfold/checkpoint.h"
#include "libfold/flow/interpolant.h"
#include "libfold/mixed_precision.h"
#include "libfold/nn/flow_model.h"
#include "libfold/nn/index_embedding.h"
#include "tests/libfold/tiny_model.h"
#include "tests/support/error_message.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

struct PublishedParameter {
  std::vector<int64_t> shape;
  double standard_deviation, mean;
};

// parameters.csv: model,name,shape,count,init_std,init_mean.
std::map<std::string, PublishedParameter> read_published_parameters(const std::string& model) {
  std::ifstream file(golden_path("parameters.csv"));
  std::map<std::string, PublishedParameter> parameters;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (cells.size() < 6 || cells[0] != model || cells[1] == "TOTAL") continue;
    PublishedParameter parameter{{}, std::stod(cells[4]), std::stod(cells[5])};
    std::stringstream shape(cells[2]);
    for (std::string size; std::getline(shape, size, 'x');) parameter.shape.push_back(std::stoll(size));
    parameters[cells[1]] = parameter;
  }
  return parameters;
}

ModelConfig tiny_config(const std::string& mode = "flash_1d_bias") {
  ModelConfig config = tiny_model();
  config.mode = mode;
  return config;
}

// Initialized models have zero last layers; this one has none.
FlowModel lively_model(const ModelConfig& config) {
  FlowModel model(config, PublishedConventions{});
  model->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  double phase = 0.0;
  for (Tensor& p : model->parameters()) {
    phase += 0.61;
    p.copy_(at::arange(p.numel(), at::kDouble).mul(2.17).add(phase).sin().view(p.sizes()) /
            std::sqrt(static_cast<double>(p.size(-1))));
  }
  return model;
}

FlowModelInput make_input(const std::vector<int64_t>& lengths, int64_t padded) {
  const int64_t B = static_cast<int64_t>(lengths.size());
  const auto wave = [&](double phase, int64_t channels) {
    return at::arange(padded * channels, at::kDouble)
        .mul(1.71)
        .add(phase)
        .sin()
        .view({1, padded, channels})
        .expand({B, -1, -1});
  };
  const auto q = (wave(0.3, 4) / wave(0.3, 4).norm(2, -1, true)).unbind(-1);
  FlowModelInput in;
  in.lengths = at::tensor(lengths, at::kLong);
  in.residue_index = at::arange(padded, at::kLong).unsqueeze(0).expand({B, padded}).contiguous();
  in.t = at::full({B}, 0.4, at::kDouble);
  in.translations = wave(0.9, 3) * 15.0;
  in.rotations = rotation_from_quaternion(at::stack({q[0], q[1], q[2], q[3]}, -1));
  in.self_condition = wave(2.0, 3) * 12.0;
  return in;
}

class FreshModel : public testing::TestWithParam<std::pair<const char*, int64_t>> {};

TEST_P(FreshModel, HasThePublishedNamesShapesMeansAndDeviations) {
  const auto [mode, published_total] = GetParam();
  const auto published = read_published_parameters(mode);
  ASSERT_FALSE(published.empty());
  ModelConfig config;
  config.mode = mode;
  FlowModel model(config, PublishedConventions{});
  model->initialize(1);
  const auto parameters = model->named_parameters();
  EXPECT_EQ(parameters.size(), published.size());
  int64_t total = 0;
  double worst_mean = 0.0, worst_deviation = 0.0;
  for (const auto& item : parameters) {
    const auto found = published.find(item.key());
    ASSERT_NE(found, published.end()) << "not published: " << item.key();
    const PublishedParameter& expected = found->second;
    const Tensor values = item.value().detach().to(at::kDouble);
    EXPECT_EQ(values.sizes(), at::IntArrayRef(expected.shape)) << item.key();
    total += values.numel();
    const double n = static_cast<double>(values.numel()), mean = values.mean().item<double>();
    const double deviation = values.std(/*unbiased=*/false).item<double>();
    if (expected.standard_deviation == 0.0) {
      // Constant: zero, one, or the inverse softplus of one.
      EXPECT_NEAR(mean, expected.mean, 1e-6) << item.key();
      EXPECT_LT(deviation, 1e-9) << item.key();
      if (expected.mean == 0.0) {
        EXPECT_FALSE(values.any().item<bool>()) << item.key();
      }
      continue;
    }
    // Two samples of n values differ in the mean by sigma sqrt(2/n) and in sigma by at most sigma sqrt(1/n), one
    // standard error each. Allows five standard errors, over about two hundred tensors.
    const double mean_errors = std::abs(mean - expected.mean) / (expected.standard_deviation * std::sqrt(2.0 / n));
    const double deviation_errors = std::abs(deviation / expected.standard_deviation - 1.0) / std::sqrt(1.0 / n);
    EXPECT_LT(mean_errors, 5.0) << item.key();
    EXPECT_LT(deviation_errors, 5.0) << item.key();
    worst_mean = std::max(worst_mean, mean_errors);
    worst_deviation = std::max(worst_deviation, deviation_errors);
  }
  EXPECT_EQ(total, published_total);
  std::printf("  %zu tensors, %ld values; largest deviation of a mean %.1f, of a spread %.1f standard errors\n",
              parameters.size(), static_cast<long>(total), worst_mean, worst_deviation);
}

INSTANTIATE_TEST_SUITE_P(Modes, FreshModel,
                         testing::Values(std::pair{"flash_1d_bias", int64_t{17921732}},
                                         std::pair{"orig_2d_bias", int64_t{16879892}}),
                         [](const auto& test) { return std::string(test.param.first); });

TEST(FreshParameters, DependOnTheSeedAndTheNameOnly) {
  ModelConfig two = tiny_config(), three = tiny_config();
  three.blocks = 3;
  FlowModel a(two, PublishedConventions{}), b(three, PublishedConventions{}), c(two, PublishedConventions{});
  a->initialize(7);
  b->initialize(7);
  c->initialize(8);
  const auto in_b = b->named_parameters(), in_c = c->named_parameters();
  for (const auto& item : a->named_parameters()) EXPECT_TRUE(at::equal(item.value(), in_b[item.key()])) << item.key();
  EXPECT_FALSE(at::equal(a->named_parameters()["node_embedder.linear.weight"], in_c["node_embedder.linear.weight"]));
}

// Copies the weights of a model into one that has grown since; both then have them rounded to f32.
void grow(FlowModel& old, FlowModel& grown) {
  const NamedTensors weights = copy_of(old->parameters_by_name());
  copy_into_grown(grown->parameters_by_name(), weights, "old");
  copy_into(old->parameters_by_name(), weights, "old");
}

TEST(NineTorsions, ChiIsANewRowThatLeavesTheEightAsTheyWere) {
  ModelConfig eight_config = tiny_config(), nine_config = tiny_config();
  nine_config.torsions = 9;
  FlowModel eight = lively_model(eight_config), nine = lively_model(nine_config);
  grow(eight, nine);
  const torch::NoGradGuard no_grad;
  const FlowModelInput in = make_input({13, 9}, 13);
  const FlowModelOutput before = eight(in), after = nine(in);
  EXPECT_FALSE(before.chi.defined());
  expect_close("torsions", after.torsions, before.torsions, 1e-12);
  expect_close("translations", after.translations, before.translations, 1e-12);
  ASSERT_EQ(after.chi.sizes(), (at::IntArrayRef{2, 13, 2}));
  expect_close("unit length", after.chi.narrow(0, 0, 1).square().sum(2), at::ones({1, 13}, at::kDouble), 1e-12);
  ModelConfig ten = tiny_config();
  ten.torsions = 10;
  EXPECT_THROW(ten.validate(), UsageError);
}

TEST(TorsionConformers, TheFirstOfAGrownModelIsThatOfTheOld) {
  ModelConfig one_config = tiny_config(), four_config = tiny_config();
  one_config.torsions = four_config.torsions = 9;
  four_config.torsion_conformers = 4;
  FlowModel one = lively_model(one_config), four = lively_model(four_config);
  grow(one, four);
  const torch::NoGradGuard no_grad;
  const FlowModelInput in = make_input({13, 9}, 13);
  const FlowModelOutput before = one(in), likeliest = four(in);
  EXPECT_FALSE(before.conformers.defined());
  ASSERT_EQ(likeliest.conformers.torsions.sizes(), (at::IntArrayRef{2, 13, 4, 9, 2}));
  const Tensor first = likeliest.conformers.torsions.select(2, 0);
  expect_close("torsions", first.narrow(2, 0, 8), before.torsions, 1e-12);
  expect_close("chi", first.select(2, 8), before.chi, 1e-12);
  EXPECT_TRUE(
      at::equal(likeliest.torsions, likeliest.conformers.take(likeliest.conformers.likeliest()).narrow(2, 0, 8)));
  four_config.torsion_conformers = 0;
  EXPECT_THROW(four_config.validate(), UsageError);
}

class EveryMode : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Modes, EveryMode,
                         testing::Values("flash_1d_bias", "flash_no_bias", "orig_2d_bias", "orig_no_bias",
                                         "flash_2d_factorize_bias"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(EveryMode, PredictionMovesWithTheInput) {
  FlowModel model = lively_model(tiny_config(GetParam()));
  const torch::NoGradGuard no_grad;
  FlowModelInput in = make_input({23, 17}, 23);
  const FlowModelOutput before = model(in);
  const Tensor q = at::tensor({0.3, -0.7, 0.5, 0.4}, at::kDouble);
  const Tensor motion = rotation_from_quaternion(q), shift = at::tensor({40.0, -25.0, 33.0}, at::kDouble);
  in.translations = at::matmul(in.translations, motion.t()) + shift;
  in.self_condition = at::matmul(in.self_condition, motion.t()) + shift;
  in.rotations = at::matmul(motion, in.rotations);
  const FlowModelOutput after = model(in);
  const Tensor real = (at::arange(23).unsqueeze(0) < in.lengths.unsqueeze(1)).to(at::kDouble).unsqueeze(2);
  // f64 rounding of eleven layers at 50 Å.
  expect_close("translations", after.translations * real, (at::matmul(before.translations, motion.t()) + shift) * real,
               1e-10);
  expect_close("rotations", after.rotations, at::matmul(motion, before.rotations), 1e-10);
  expect_close("torsions", after.torsions * real.unsqueeze(3), before.torsions * real.unsqueeze(3), 1e-10);
}

TEST_P(EveryMode, ASequenceGetsTheSameAnswerInAnyBatch) {
  FlowModel model = lively_model(tiny_config(GetParam()));
  const torch::NoGradGuard no_grad;
  const FlowModelOutput together = model(make_input({31, 12}, 31));
  FlowModelInput alone = make_input({12}, 31);
  for (Tensor* t : {&alone.residue_index, &alone.translations, &alone.rotations, &alone.self_condition})
    *t = t->narrow(1, 0, 12);
  const FlowModelOutput single = model(alone);
  expect_close("translations", together.translations.narrow(0, 1, 1).narrow(1, 0, 12), single.translations, 1e-11);
  expect_close("torsions", together.torsions.narrow(0, 1, 1).narrow(1, 0, 12), single.torsions, 1e-11);
}

TEST(FlowModelGaps, ResidueIndexIsSeenUnlessPublishedConventionsIgnoreIt) {
  PublishedConventions by_position;
  by_position.index_by_position = true;
  const FlowModel ours = lively_model(tiny_config());
  FlowModel published(tiny_config(), by_position);
  published->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  const auto source = ours->named_parameters();
  for (auto& item : published->named_parameters()) item.value().copy_(source[item.key()]);
  FlowModelInput in = make_input({20}, 20), gapped = in;
  gapped.residue_index = in.residue_index.clone();
  gapped.residue_index.narrow(1, 10, 10).add_(30);
  EXPECT_GT(relative_error(FlowModel(ours)(gapped).translations, FlowModel(ours)(in).translations), 1e-4);
  EXPECT_TRUE(at::equal(published(gapped).translations, published(in).translations));
}

// Gradients of sum(translations * cotangent) + ... with respect to every parameter and the input translations.
std::map<std::string, Tensor> gradients_of(FlowModel& model, FlowModelInput in) {
  in.translations = in.translations.detach().clone().requires_grad_(true);
  model->zero_grad();
  const FlowModelOutput out = model(in);
  const auto weigh = [](const Tensor& x) {
    return (x * at::arange(x.numel(), x.options()).mul(0.7).cos().view(x.sizes())).sum();
  };
  (weigh(out.translations) + weigh(out.rotations) + weigh(out.torsions)).backward();
  std::map<std::string, Tensor> gradients = {{"translations", in.translations.grad()}};
  for (const auto& item : model->named_parameters())
    if (item.value().grad().defined()) gradients[item.key()] = item.value().grad().clone();
  return gradients;
}

TEST_P(EveryMode, RecomputedBlocksGiveTheSameGradients) {
  FlowModel model = lively_model(tiny_config(GetParam()));
  const FlowModelInput in = make_input({23, 17}, 23);
  const auto kept = gradients_of(model, in);
  model->recompute_activations(true);
  const auto recomputed = gradients_of(model, in);
  EXPECT_EQ(kept.size(), recomputed.size());
  // Gradients of tensors used in several places are summed in another order: allows a few roundings of the largest.
  double largest = 0.0;
  for (const auto& [name, gradient] : kept) largest = std::max(largest, gradient.abs().max().item<double>());
  for (const auto& [name, gradient] : kept) {
    ASSERT_TRUE(recomputed.contains(name)) << name;
    EXPECT_LE((recomputed.at(name) - gradient).abs().max().item<double>(), 1e-14 * largest) << name;
  }
}

TEST(MixedPrecision, ChangesTranslationsByLessThanOneBfloat16RoundingOfTheirUpdate) {
  for (const bool recompute : {false, true}) {
    FlowModel model = lively_model(tiny_config());
    model->to(at::kFloat);
    model->recompute_activations(recompute);
    FlowModelInput in = make_input({61, 40}, 61);
    for (Tensor* tensor : {&in.t, &in.translations, &in.rotations, &in.self_condition})
      *tensor = tensor->to(at::kFloat);
    const FlowModelOutput full = model(in);
    FlowModelOutput mixed;
    {
      const ScopedAutocast autocast(at::kCPU, true);
      mixed = model(in);
    }
    EXPECT_EQ(mixed.translations.scalar_type(), at::kFloat);
    EXPECT_EQ(mixed.torsions.scalar_type(), at::kFloat);
    const Tensor real = (at::arange(61).unsqueeze(0) < in.lengths.unsqueeze(1)).to(at::kFloat).unsqueeze(2);
    const double update = ((full.translations - in.translations) * real).norm().item<double>();
    const double change = ((mixed.translations - full.translations) * real).norm().item<double>();
    std::printf("  recompute %d: translations change by %.1e of their update\n", recompute, change / update);
    EXPECT_GT(change, 0.0);
    EXPECT_LT(change / update, 1.0 / 256);
    model->zero_grad();
    (mixed.translations.square().sum() + mixed.torsions.sum()).backward();
    for (const auto& item : model->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
    }
  }
}

TEST(IndexEmbedding, TellsAllResiduesOfARibosomeApart) {
  const Tensor n = at::arange(20'001, at::kLong);
  for (const int64_t width : {16, 64, 128}) {
    // The longest period: its cosine decreases monotonically from the first residue to the last.
    const Tensor slowest = index_embedding(n, width, at::kDouble).select(1, width - 1);
    EXPECT_TRUE((slowest.narrow(0, 1, 20'000) < slowest.narrow(0, 0, 20'000)).all().item<bool>()) << width;
    const Tensor published = index_embedding(n, width, at::kDouble, /*short_periods=*/true).select(1, width - 1);
    EXPECT_FALSE((published.narrow(0, 1, 20'000) < published.narrow(0, 0, 20'000)).all().item<bool>()) << width;
  }
}

TEST(FactorizedPairs, RefuseAChainBeyondTheirLengthByTheKeyToChange) {
  ModelConfig config = tiny_config("flash_2d_factorize_bias");
  config.factorizer_length = 20;
  FlowModel model = lively_model(config);
  EXPECT_EQ(message_of([&] { model(make_input({21}, 21)); }),
            "21 residues: model.mode = flash_2d_factorize_bias takes at most model.factorizer_length = 20");
}

TEST(ModelConfigChecks, NameTheKeyTheValueAndTheRange) {
  const auto refusal = [](void (*change)(ModelConfig&)) {
    ModelConfig config;
    change(config);
    return message_of([&] { config.validate(); });
  };
  EXPECT_EQ(refusal([](ModelConfig& c) { c.pair_rank = 9; }), "model.pair_rank = 9: must be from 1 to 8");
  EXPECT_EQ(refusal([](ModelConfig& c) { c.transformer_heads = 3; }),
            "model.transformer_heads = 3: must divide model.node_channels = 256");
  EXPECT_EQ(refusal([](ModelConfig& c) { c.attention = "fast"; }),
            "model.attention = fast: must be auto, dense, lifted, fused or simple");
  EXPECT_EQ(refusal([](ModelConfig& c) { c.attention_precision = "exact"; }),
            "model.attention_precision = exact: must be fast or strict");
}

}  // namespace
}  // namespace flashrna
