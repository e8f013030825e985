// The network of FoldFlow: sizes of the published recipes, and properties of a small one.
#include <gtest/gtest.h>

#include "base/error.h"
#include "libfold/configuration.h"
#include "libfold/flow/igso3.h"
#include "libfold/nn/flow_model.h"
#include "libfold/random_streams.h"
#include "libfold/run_config.h"
#include "tests/libfold/tiny_model.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

ModelConfig model_of(const std::string& recipe) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  configuration.read_ini(FLASHRNA_SOURCE_DIR "/configs/" + recipe);
  config.data.path = "none.h5";
  config.validate();
  return config.model;
}

int64_t parameters_of(const ModelConfig& config) {
  int64_t count = 0;
  for (const auto& [name, parameter] : FlowModel(config, PublishedConventions{})->parameters_by_name())
    count += parameter.numel();
  return count;
}

TEST(FoldFlowNetwork, HasThePublishedNumberOfParameters) {
  EXPECT_NEAR(static_cast<double>(parameters_of(model_of("foldflow.ini"))) / 17.4e6, 1.0, 0.01);
  EXPECT_NEAR(static_cast<double>(parameters_of(model_of("foldflow_flash.ini"))) / 17.1e6, 1.0, 0.01);
}

TEST(FoldFlowNetwork, SmallRecipeFitsItsComment) {
  EXPECT_NEAR(static_cast<double>(parameters_of(model_of("foldflow_small.ini"))) / 1e6, 2.3, 0.05);
}

TEST(FoldFlowConfiguration, RefusesWhatThePolymerDoesNotHave) {
  for (const auto& [key, value] : {std::pair("model.torsions", "8"),
                                   {"model.letter_head", "true"},
                                   {"losses.atoms", "13"},
                                   {"losses.pair_weight", "1"},
                                   {"training.validation_samples", "4"},
                                   {"flow.rotation_noise", "igso3"},
                                   {"model.polymer", "dna"}}) {
    RunConfig config;
    Configuration configuration;
    config.add_options(configuration);
    configuration.read_ini(FLASHRNA_SOURCE_DIR "/configs/foldflow_small.ini");
    config.data.path = "none.h5";
    config.validate();
    configuration.set(key, value, "test");
    EXPECT_THROW(config.validate(), UsageError) << key;
  }
  RunConfig rna;
  rna.data.path = "none.h5";
  rna.losses.atoms = 5;
  EXPECT_THROW(rna.validate(), UsageError);
}

ModelConfig tiny_foldflow(const std::string& mode) {
  ModelConfig config = tiny_model();
  config.polymer = "protein";
  config.torsions = 1;
  config.skip_channels = 8;
  config.mode = mode;
  return config;
}

// Every parameter is drawn, so that no branch is zero.
FlowModel drawn_model(const ModelConfig& config) {
  FlowModel model(config, PublishedConventions{});
  const at::NoGradGuard no_grad;
  RandomStream stream(3, "test");
  for (auto& [name, parameter] : model->parameters_by_name()) parameter.copy_(stream.normal(parameter.sizes()) * 0.1);
  model->to(at::kDouble);
  return model;
}

FlowModelInput some_input() {
  RandomStream stream(4, "test");
  FlowModelInput in;
  in.lengths = at::tensor({9, 6}, at::kLong);
  in.residue_index = at::arange(9, at::kLong).expand({2, 9});
  in.t = at::tensor({0.3, 0.8}, at::kDouble);
  in.translations = stream.normal({2, 9, 3}) * 10;
  in.rotations = sample_uniform_rotations(18, stream).view({2, 9, 3, 3});
  return in;
}

class FoldFlowModes : public testing::TestWithParam<const char*> {};

TEST_P(FoldFlowModes, OutputMovesWithTheInputAndPsiDoesNot) {
  FlowModel model = drawn_model(tiny_foldflow(GetParam()));
  const at::NoGradGuard no_grad;
  FlowModelInput in = some_input();
  const FlowModelOutput before = model->forward(in);
  EXPECT_EQ(before.torsions.sizes(), (std::vector<int64_t>{2, 9, 1, 2}));
  EXPECT_FALSE(before.chi.defined());
  RandomStream stream(5, "test");
  const Tensor turn = sample_uniform_rotations(1, stream)[0], shift = stream.normal({3}) * 20;
  in.translations = at::matmul(in.translations, turn.t()) + shift;
  in.rotations = at::matmul(turn, in.rotations);
  const FlowModelOutput after = model->forward(in);
  const Tensor real = (at::arange(9) < in.lengths.unsqueeze(1)).unsqueeze(2);
  expect_close("translations", after.translations * real, (at::matmul(before.translations, turn.t()) + shift) * real,
               1e-9);
  expect_close("rotations", after.rotations * real.unsqueeze(3), at::matmul(turn, before.rotations) * real.unsqueeze(3),
               1e-9);
  expect_close("psi", after.torsions * real.unsqueeze(3), before.torsions * real.unsqueeze(3), 1e-9);
}

TEST_P(FoldFlowModes, RecomputationGivesTheSameGradients) {
  FlowModel model = drawn_model(tiny_foldflow(GetParam()));
  const auto gradients = [&](bool recompute) {
    model->recompute_activations(recompute);
    model->zero_grad();
    const FlowModelOutput out = model->forward(some_input());
    (out.translations.sum() + (out.rotations * at::arange(9, at::kDouble).view({3, 3})).sum() + out.torsions.sum())
        .backward();
    std::vector<Tensor> all;
    for (const auto& [name, parameter] : model->parameters_by_name())
      all.push_back(parameter.grad().defined() ? parameter.grad().clone().flatten() : at::zeros({1}, at::kDouble));
    return all;
  };
  const std::vector<Tensor> stored = gradients(false), recomputed = gradients(true);
  const auto names = model->parameters_by_name();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].first.find("skip_embed") != std::string::npos) {
      EXPECT_GT(stored[i].abs().max().item<double>(), 0) << names[i].first;
    }
    EXPECT_LE((stored[i] - recomputed[i]).abs().max().item<double>(),
              1e-12 * (1 + stored[i].abs().max().item<double>()))
        << names[i].first;
  }
}

INSTANTIATE_TEST_SUITE_P(PairModes, FoldFlowModes, testing::Values("flash_1d_bias", "orig_2d_bias"));

// Four blocks of 256 channels on the factorized pair representation, which the published kernel does not take.
TEST(FoldFlowNetwork, FactorizedNetworkOfTheDenseOnesWidthRuns) {
  ModelConfig config = model_of("foldflow_flash.ini");
  config.blocks = 4;
  config.attention_channels = 256;
  config.validate();
  FlowModel model(config, PublishedConventions{});
  model->initialize(1);
  const at::NoGradGuard no_grad;
  FlowModelInput in = some_input();
  for (Tensor* x : {&in.t, &in.translations, &in.rotations}) *x = x->to(at::kFloat);
  const FlowModelOutput out = model->forward(in);
  EXPECT_TRUE(out.translations.isfinite().all().item<bool>());
  // The published initialization leaves the frames where they are.
  expect_close("translations", out.translations, in.translations, 1e-5);
}

}  // namespace
}  // namespace flashrna
