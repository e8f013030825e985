// Compares every module of the network with the published implementation (docs/architecture.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "tests/support/golden_module.h"

namespace flashrna {
namespace {

using at::Tensor;

int64_t number(const GoldenFile& file, const char* name) { return static_cast<int64_t>(file.attribute("/", name)); }

Tensor lengths_of(const Tensor& mask) { return mask.detach().sum(1).to(at::kLong); }

Tensor positions_like(const Tensor& mask) {
  return at::arange(mask.size(1), at::kLong).unsqueeze(0).expand({mask.size(0), mask.size(1)});
}

template <typename ModuleImpl>
ModuleImpl& as(torch::nn::Module& module) {
  return *module.as<ModuleImpl>();
}

InvariantPointAttentionConfig attention_config(const GoldenFile& file, AttentionBackend backend) {
  return {.node_channels = number(file, "c_s"),
          .pair_channels = number(file, "c_z"),
          .channels = number(file, "c_hidden"),
          .heads = number(file, "no_heads"),
          .query_points = number(file, "no_qk_points"),
          .value_points = number(file, "no_v_points"),
          .pair_rank = number(file, "z_factor_rank"),
          .unscaled_pair_bias = true,
          .backend = backend};
}

GoldenModule attention(const std::string& file, AttentionBackend backend) {
  return {
      file,
      [backend](const GoldenFile& golden) { return InvariantPointAttention(attention_config(golden, backend)).ptr(); },
      [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
        const Frames frames{in.at("rotations"), in.at("translations")};
        const Tensor lengths = lengths_of(in.at("mask"));
        auto& ipa = as<InvariantPointAttentionImpl>(module);
        PairRepresentation pair;
        if (in.contains("z")) pair.full = in.at("z");
        if (in.contains("z_factor_1")) pair = {.factor_1 = in.at("z_factor_1"), .factor_2 = in.at("z_factor_2")};
        return {{"s_update", ipa.forward(in.at("s"), pair, frames, lengths)}};
      }};
}

GoldenModule edge_embedder() {
  return {"edge_embedder_1d.h5",
          [](const GoldenFile& file) {
            return EdgeEmbedder(EdgeEmbedderConfig{.node_channels = number(file, "c_s"),
                                                   .pair_channels = number(file, "c_p"),
                                                   .pair_rank = number(file, "z_factor_rank"),
                                                   .feature_channels = number(file, "feat_dim"),
                                                   .distance_bins = number(file, "num_bins"),
                                                   .neighbors = number(file, "k"),
                                                   .neighbors_include_padding = true,
                                                   .self_as_last_neighbor = true,
                                                   .short_index_periods = true})
                .ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap& aux) -> TensorMap {
            EdgeEmbedderInput input{.node = in.at("node_embed"),
                                    .translations = in.at("translations"),
                                    .self_condition = in.at("trans_sc"),
                                    .self_condition_neighbors = {},
                                    .residue_index = positions_like(in.at("mask")),
                                    .lengths = lengths_of(in.at("mask"))};
            // All distances tie. The published neighbors depend on the order of its sort, so they are input.
            if (!in.at("trans_sc").detach().any().item<bool>()) input.self_condition_neighbors = aux.at("sc_knn_index");
            const PairRepresentation pair = as<EdgeEmbedderImpl>(module).forward(input);
            return {{"z_factor_1", pair.factor_1}, {"z_factor_2", pair.factor_2}};
          }};
}

EdgeEmbedderConfig edge_config_2d(const GoldenFile& file) {
  return {.node_channels = number(file, "c_s"),
          .pair_channels = number(file, "c_p"),
          .feature_channels = number(file, "feat_dim"),
          .distance_bins = number(file, "num_bins"),
          .short_index_periods = true};
}

EdgeEmbedderInput edge_input_2d(const TensorMap& in) {
  return {.node = in.at("node_embed"),
          .translations = in.at("translations"),
          .self_condition = in.at("trans_sc"),
          .self_condition_neighbors = {},
          .residue_index = positions_like(in.at("mask")),
          .lengths = lengths_of(in.at("mask"))};
}

GoldenModule edge_embedder_2d() {
  return {"edge_embedder_2d.h5", [](const GoldenFile& file) { return EdgeEmbedder2d(edge_config_2d(file)).ptr(); },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            return {{"edge_embed", as<EdgeEmbedder2dImpl>(module).forward(edge_input_2d(in)).full}};
          }};
}

GoldenModule factorized_edge_embedder_2d() {
  return {"edge_embedder_2d_factorize.h5",
          [](const GoldenFile& file) {
            EdgeEmbedderConfig config = edge_config_2d(file);
            config.pair_rank = number(file, "z_factor_rank");
            return FactorizedEdgeEmbedder2d(config, number(file, "max_len")).ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            const PairRepresentation pair = as<FactorizedEdgeEmbedder2dImpl>(module).forward(edge_input_2d(in));
            return {{"z_factor_1", pair.factor_1}, {"z_factor_2", pair.factor_2}};
          }};
}

GoldenModule edge_transition_2d() {
  return {"edge_transition_2d.h5",
          [](const GoldenFile& file) {
            const auto config = nlohmann::json::parse(file.text_attribute("/", "config_json"));
            return EdgeTransition2d(config.at("node_embed_size").get<int64_t>(), number(file, "edge_embed_in")).ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            const PairRepresentation pair{.full = in.at("edge_embed")};
            return {{"edge_embed", as<EdgeTransition2dImpl>(module).forward(in.at("node_embed"), pair).full}};
          }};
}

GoldenModule edge_transition() {
  return {"edge_transition_1d.h5",
          [](const GoldenFile& file) {
            return EdgeTransition(number(file, "node_embed_size"), number(file, "edge_embed_in"),
                                  number(file, "z_factor_rank"))
                .ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            const PairRepresentation pair =
                as<EdgeTransitionImpl>(module).forward(in.at("node_embed"), {in.at("z_factor_1"), in.at("z_factor_2")});
            return {{"z_factor_1", pair.factor_1}, {"z_factor_2", pair.factor_2}};
          }};
}

GoldenModule node_embedder() {
  return {"node_embedder.h5",
          [](const GoldenFile& file) {
            return NodeEmbedder(number(file, "c_s"), number(file, "c_pos_emb"), number(file, "c_timestep_emb"),
                                /*short_index_periods=*/true)
                .ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            const Tensor& mask = in.at("mask");
            return {{"node_embed",
                     as<NodeEmbedderImpl>(module).forward(in.at("t").squeeze(1), positions_like(mask), mask)}};
          }};
}

GoldenModule transition() {
  return {
      "structure_module_transition.h5",
      [](const GoldenFile& file) {
        return Transition(nlohmann::json::parse(file.text_attribute("/", "config_json")).at("c").get<int64_t>()).ptr();
      },
      [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
        return {{"s_out", as<TransitionImpl>(module).forward(in.at("s"))}};
      }};
}

GoldenModule backbone_update() {
  return {"backbone_update.h5",
          [](const GoldenFile& file) {
            const auto config = nlohmann::json::parse(file.text_attribute("/", "config_json"));
            return BackboneUpdate(config.at("c_s").get<int64_t>()).ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            auto& update = as<BackboneUpdateImpl>(module);
            const auto parameters = module.named_parameters();
            const Frames once = update.forward(in.at("s"), {in.at("rotations"), in.at("translations")}, in.at("mask"));
            const Frames twice = update.forward(in.at("s"), once, in.at("mask"));
            return {{"update", at::linear(in.at("s"), parameters["linear.weight"], parameters["linear.bias"])},
                    {"rotmats_1", once.rotations},
                    {"trans_1", once.translations},
                    {"rotmats_2", twice.rotations},
                    {"trans_2", twice.translations}};
          }};
}

GoldenModule torsion_head() {
  return {"torsion_head.h5",
          [](const GoldenFile& file) {
            return TorsionHead(number(file, "c_in"), number(file, "c_hidden"), number(file, "no_blocks"),
                               number(file, "no_angles"))
                .ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
            auto& head = as<TorsionHeadImpl>(module);
            return {{"unnormalized", head.unnormalized(in.at("s"), in.at("s_initial"))},
                    {"torsions", head.forward(in.at("s"), in.at("s_initial")).torsions.select(2, 0)}};
          }};
}

GoldenModule sequence_transformer() {
  return {
      "seq_transformer.h5",
      [](const GoldenFile& file) {
        return SequenceTransformer(number(file, "d_model"), number(file, "nhead"), number(file, "num_layers")).ptr();
      },
      [](torch::nn::Module& module, const TensorMap& in, const TensorMap&) -> TensorMap {
        return {{"out", as<SequenceTransformerImpl>(module).forward(in.at("s"), lengths_of(in.at("mask")))}};
      }};
}

ModelConfig model_config(const GoldenFile& file, const std::string& backend) {
  const auto json = nlohmann::json::parse(file.text_attribute("/", "config_json"));
  const auto& edge = json.at("edge_features");
  const auto& ipa = json.at("ipa");
  ModelConfig config;
  config.mode = json.at("mode");
  config.node_channels = json.at("node_embed_size");
  config.pair_channels = json.at("edge_embed_size");
  config.pair_rank = std::max(1, edge.at("z_factor_rank").get<int>());  // 0 in modes without factors
  config.blocks = ipa.at("num_blocks");
  config.attention_channels = ipa.at("c_hidden");
  config.attention_heads = ipa.at("no_heads");
  config.query_points = ipa.at("no_qk_points");
  config.value_points = ipa.at("no_v_points");
  config.transformer_heads = ipa.at("seq_tfmr_num_heads");
  config.transformer_layers = ipa.at("seq_tfmr_num_layers");
  config.position_channels = json.at("node_features").at("c_pos_emb");
  config.time_channels = json.at("node_features").at("c_timestep_emb");
  config.edge_feature_channels = edge.at("feat_dim");
  config.distance_bins = edge.at("num_bins");
  config.neighbors = edge.at("k");
  config.torsion_channels = static_cast<int>(file.attribute("/", "torsion_c_hidden"));
  config.attention = backend;
  return config;
}

GoldenModule flow_model(const std::string& mode, const std::string& backend) {
  return {"flow_model_" + mode + ".h5",
          [backend](const GoldenFile& file) {
            return FlowModel(model_config(file, backend), PublishedConventions::all()).ptr();
          },
          [](torch::nn::Module& module, const TensorMap& in, const TensorMap& aux) -> TensorMap {
            const Tensor& mask = in.at("res_mask");
            FlowModelInput input{.lengths = lengths_of(mask),
                                 .residue_index = positions_like(mask),
                                 .t = in.at("t").squeeze(1),
                                 .translations = in.at("trans_t"),
                                 .rotations = in.at("rotmats_t"),
                                 .self_condition = {},
                                 .self_condition_neighbors = {}};
            if (in.contains("trans_sc")) {
              input.self_condition = in.at("trans_sc");
            } else {
              input.self_condition = at::zeros_like(in.at("trans_t"));
              if (aux.contains("sc_knn_index")) input.self_condition_neighbors = aux.at("sc_knn_index");
            }
            const FlowModelOutput out = as<FlowModelImpl>(module).forward(input);
            return {{"pred_trans", out.translations}, {"pred_rotmats", out.rotations}, {"pred_torsions", out.torsions}};
          },
          mode == "flash_no_bias" ? std::vector<std::string>{"edge_embedder.", "trunk.edge_transition_"}
                                  : std::vector<std::string>{}};
}

struct NamedModule {
  std::string name;
  GoldenModule module;
};

void PrintTo(const NamedModule& named, std::ostream* out) { *out << named.name; }

std::vector<NamedModule> all_modules() {
  std::vector<NamedModule> modules;
  for (const AttentionBackend backend : {AttentionBackend::kDense, AttentionBackend::kLifted}) {
    const std::string name(attention_backend_name(backend));
    for (const char* file : {"ipa_flash_1d_bias", "ipa_flash_1d_bias_rank1", "ipa_flash_1d_bias_rank4",
                             "ipa_flash_no_bias", "ipa_default_size"}) {
      modules.push_back({std::string(file) + "_" + name, attention(std::string(file) + ".h5", backend)});
    }
    for (const char* mode : {"flash_1d_bias", "flash_no_bias"})
      modules.push_back({std::string("flow_model_") + mode + "_" + name, flow_model(mode, name)});
  }
  for (const char* file : {"ipa_orig_2d_bias", "ipa_orig_no_bias"})
    modules.push_back({file, attention(std::string(file) + ".h5", AttentionBackend::kDense)});
  modules.push_back({"flow_model_orig_2d_bias", flow_model("orig_2d_bias", "auto")});
  modules.push_back({"edge_embedder_2d", edge_embedder_2d()});
  modules.push_back({"edge_embedder_2d_factorize", factorized_edge_embedder_2d()});
  modules.push_back({"edge_transition_2d", edge_transition_2d()});
  modules.push_back({"edge_embedder_1d", edge_embedder()});
  modules.push_back({"edge_transition_1d", edge_transition()});
  modules.push_back({"node_embedder", node_embedder()});
  modules.push_back({"structure_module_transition", transition()});
  modules.push_back({"backbone_update", backbone_update()});
  modules.push_back({"torsion_head", torsion_head()});
  modules.push_back({"seq_transformer", sequence_transformer()});
  return modules;
}

using Case = std::tuple<NamedModule, at::ScalarType>;
class PublishedNetwork : public testing::TestWithParam<Case> {};

TEST_P(PublishedNetwork, IsReproducedWithGradients) {
  const auto& [named, dtype] = GetParam();
  expect_module_matches_golden(named.module, dtype);
}

INSTANTIATE_TEST_SUITE_P(Golden, PublishedNetwork,
                         testing::Combine(testing::ValuesIn(all_modules()), testing::Values(at::kDouble, at::kFloat)),
                         [](const testing::TestParamInfo<Case>& test) {
                           return std::get<0>(test.param).name +
                                  (std::get<1>(test.param) == at::kFloat ? "_f32" : "_f64");
                         });

// Samples in eleven calls of the published dense network, each with the previous prediction as input.
TEST(PublishedSampler, EveryPredictionOnTheWayIsReproduced) {
  const GoldenFile file(golden_path("flow_model_orig_2d_bias.h5"));
  FlowModel model(model_config(file, "dense"), PublishedConventions::all());
  model->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) item.value().copy_(golden_tensor(file, "weights/" + item.key()));

  const Interpolant interpolant(FlowConfig{}, PublishedConventions::all());
  FlowState state{golden_tensor(file, "sampling/inputs/trans_0_nm") * 10,
                  golden_tensor(file, "sampling/inputs/rotmats_0")};
  const int64_t B = state.translations.size(0), L = state.translations.size(1);
  const std::vector<double> times = interpolant.sampling_times(11);
  const Tensor expected_translations = golden_tensor(file, "sampling/outputs/clean_trans");
  const Tensor expected_rotations = golden_tensor(file, "sampling/outputs/clean_rotmats");
  FlowModelInput input{.lengths = at::full({B}, L, at::kLong),
                       .residue_index = at::arange(L).expand({B, L}),
                       .t = {},
                       .translations = {},
                       .rotations = {},
                       .self_condition = {},
                       .self_condition_neighbors = {}};
  for (std::size_t i = 0; i < times.size(); ++i) {
    input.t = at::full({B}, times[i], at::kDouble);
    input.translations = state.translations;
    input.rotations = state.rotations;
    const FlowModelOutput out = model(input);
    const auto call = static_cast<int64_t>(i);
    expect_close("translations of call " + std::to_string(i), out.translations, expected_translations[call], 1e-9);
    expect_close("rotations of call " + std::to_string(i), out.rotations, expected_rotations[call],
                 2e-7);  // stored in f32
    input.self_condition = out.translations;
    if (i + 1 < times.size())
      state = interpolant.euler_step(state, {out.translations, out.rotations}, times[i], times[i + 1] - times[i]);
  }
}

}  // namespace
}  // namespace flashrna
