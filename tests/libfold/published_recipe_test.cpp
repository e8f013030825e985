// Compares the recipes in configs/ with the published settings (tests/data/golden/published_configuration.csv).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "libfold/configuration.h"

namespace flashrna {
namespace {

constexpr const char* kFlashIpa = "config_flashipa.yaml";

using Conversion = std::string (*)(const std::string&);

std::string as_it_is(const std::string& value) { return value; }
std::string truth(const std::string& value) { return value == "True" ? "true" : "false"; }
std::string schedule(const std::string& value) { return value == "exp" ? "exponential" : value; }
std::string decay_of_average(const std::string& use_swa) { return use_swa == "False" ? "0" : "unknown"; }
// In addition to C3', C4' and O4', which every loss includes.
std::string atoms(const std::string& others) { return std::to_string(3 + std::stoi(others)); }
std::string kernel(const std::string& use_flash_attn) { return use_flash_attn == "True" ? "auto" : "dense"; }
// A fixed factor of 0.5 in the published code, applied with self-conditioning.
std::string share(const std::string& self_condition) { return self_condition == "True" ? "0.5" : "0"; }

// "00:20:00:00", days to seconds.
std::string minutes(const std::string& time) {
  int days = 0, hours = 0, min = 0, seconds = 0;
  std::sscanf(time.c_str(), "%d:%d:%d:%d", &days, &hours, &min, &seconds);
  return std::to_string((days * 24 + hours) * 60 + min);
}

struct Setting {
  std::string key, published;
  Conversion conversion = as_it_is;
};

const std::vector<Setting> kSettings = {
    {"data.min_length", "data_cfg.filtering.min_len"},
    {"data.max_length", "data_cfg.filtering.max_len"},
    {"data.batch_size", "data_cfg.batch_size"},
    {"data.max_residues", "data_cfg.max_squared_res"},
    {"model.mode", "model.mode"},
    {"model.node_channels", "model.node_embed_size"},
    {"model.pair_channels", "model.edge_embed_size"},
    {"model.pair_rank", "model.edge_features.z_factor_rank"},
    {"model.blocks", "model.ipa.num_blocks"},
    {"model.attention_channels", "model.ipa.c_hidden"},
    {"model.attention_heads", "model.ipa.no_heads"},
    {"model.query_points", "model.ipa.no_qk_points"},
    {"model.value_points", "model.ipa.no_v_points"},
    {"model.transformer_heads", "model.ipa.seq_tfmr_num_heads"},
    {"model.transformer_layers", "model.ipa.seq_tfmr_num_layers"},
    {"model.position_channels", "model.node_features.c_pos_emb"},
    {"model.time_channels", "model.node_features.c_timestep_emb"},
    {"model.edge_feature_channels", "model.edge_features.feat_dim"},
    {"model.distance_bins", "model.edge_features.num_bins"},
    {"model.neighbors", "model.edge_features.k"},
    {"model.attention", "model.ipa.use_flash_attn", kernel},
    {"flow.min_t", "interpolant.min_t"},
    {"flow.training_rotation_schedule", "interpolant.rots.train_schedule", schedule},
    {"flow.sampling_rotation_schedule", "interpolant.rots.sample_schedule", schedule},
    {"flow.rotation_rate", "interpolant.rots.exp_rate"},
    {"flow.coupling", "experiment.batch_ot.enabled", truth},
    {"losses.translation_weight", "experiment.training.translation_loss_weight"},
    {"losses.rotation_weight", "experiment.training.rotation_loss_weights"},
    {"losses.auxiliary_weight", "experiment.training.aux_loss_weight"},
    {"losses.auxiliary_min_t", "experiment.training.aux_loss_t_pass"},
    {"losses.torsion_weight", "experiment.training.tors_loss_scale"},
    {"losses.atom_scale", "experiment.training.bb_atom_scale"},
    {"losses.translation_scale", "experiment.training.trans_scale"},
    {"losses.t_clip", "experiment.training.t_normalize_clip"},
    {"losses.atoms", "experiment.training.num_non_frame_atoms", atoms},
    {"training.seed", "experiment.seed"},
    {"training.minutes", "experiment.trainer.max_time", minutes},
    {"training.learning_rate", "experiment.optimizer.lr"},
    {"training.ema_decay", "experiment.use_swa", decay_of_average},
    {"training.self_conditioning", "interpolant.self_condition", share},
    {"training.keep_checkpoints", "experiment.checkpointer.save_top_k"},
    {"training.log_every", "experiment.trainer.log_every_n_steps"},
};

// Settings of config_flashipa.yaml without a counterpart here, by prefix.
const std::vector<std::string> kWithoutCounterpart = {
    "data_cfg.csv_path",                 // data.path
    "data_cfg.min_t",                    // a duplicate of interpolant.min_t
    "data_cfg.samples_per_eval_length",  // for validation by sampling, like the next two
    "data_cfg.num_eval_lengths",
    "data_cfg.eval_batch_size",
    "data_cfg.max_batch_size",  // a duplicate of batch_size and max_squared_res
    "data_cfg.max_num_res_squared",
    "data_cfg.linear_effect",  // selects which of the two budgets max_squared_res is
    "data_cfg.num_workers",    // how data is read, not which
    "data_cfg.prefetch_factor",
    "interpolant.trans.",     // linear, the only schedule of translations
    "interpolant.sampling.",  // flashrna sample --steps
    "model.use_flashipa",
    "model.symmetric",  // the golden networks are made without it and the next seven
    "model.node_features.embed_diffuse_mask",
    "model.node_features.max_num_res",
    "model.node_features.timestep_int",
    "model.edge_features.single_bias_transition_n",
    "model.edge_features.relpos_k",
    "model.edge_features.use_rbf",
    "model.edge_features.num_rbf",
    "model.node_features.c_s",  // references to other settings, like the next seven
    "model.edge_features.mode",
    "model.edge_features.max_len",
    "model.edge_features.c_s",
    "model.edge_features.c_p",
    "model.ipa.c_s",
    "model.ipa.c_z",
    "model.ipa.z_factor_rank",
    "model.edge_features.self_condition",  // set by interpolant.self_condition
    "model.ipa.attn_dtype",                // implementation of the published kernel
    "model.ipa.use_packed",
    "experiment.debug",
    "experiment.num_devices",
    "experiment.warm_start",
    "experiment.batch_ot.",                // Kabsch cost and one noise sample per chain, the only coupling here
    "experiment.training.min_plddt_mask",  // empty
    "experiment.training.loss",
    "experiment.trainer.",  // settings of Lightning; epochs are not counted here
    "experiment.checkpointer.",
};

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The published settings of one file, with references resolved.
std::map<std::string, std::string> published_settings(const std::string& file) {
  std::istringstream lines(read_text(FLASHRNA_TEST_DATA "/golden/published_configuration.csv"));
  std::map<std::string, std::string> settings;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    if (line.substr(0, first) == file) settings[line.substr(first + 1, second - first - 1)] = line.substr(second + 1);
  }
  for (auto& [key, value] : settings)
    while (value.starts_with("${") && value.ends_with("}")) value = settings.at(value.substr(2, value.size() - 3));
  return settings;
}

// Every key of an INI file with its value as parsed by the program, and its line.
struct Recipe {
  explicit Recipe(const std::string& name) : path(FLASHRNA_SOURCE_DIR "/configs/" + name) {
    std::istringstream text(read_text(path));
    Configuration configuration;
    std::string section;
    for (std::string line; std::getline(text, line);) {
      const std::size_t equals = line.find(" = ");
      if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
      if (line.starts_with('[') || line.starts_with('#') || equals == std::string::npos) continue;
      const std::string key = section + "." + line.substr(0, equals);
      lines[key] = line;
      configuration.bind(key, values[key], "");
    }
    configuration.read_ini(path);
  }

  std::string path;
  std::map<std::string, std::string> values, lines;
};

bool equal(const std::string& a, const std::string& b) {
  const bool numbers = a.find_first_not_of("0123456789.e-") == std::string::npos &&
                       b.find_first_not_of("0123456789.e-") == std::string::npos;
  return a == b || (numbers && std::stod(a) == std::stod(b));
}

class PublishedSettings : public testing::TestWithParam<const char*> {};

TEST_P(PublishedSettings, AreTheRecipesAndNamedBesideEachKey) {
  const std::map<std::string, std::string> published = published_settings(kFlashIpa);
  const Recipe recipe(GetParam());
  const bool all_lengths = std::string(GetParam()) == "frameflow_all.ini";
  for (const Setting& setting : kSettings) {
    ASSERT_TRUE(recipe.values.contains(setting.key)) << recipe.path << " does not set " << setting.key;
    ASSERT_TRUE(published.contains(setting.published)) << kFlashIpa << " has no " << setting.published;
    const std::string expected =
        all_lengths && setting.key == "data.max_length" ? "0" : setting.conversion(published.at(setting.published));
    EXPECT_TRUE(equal(recipe.values.at(setting.key), expected))
        << recipe.path << ": " << setting.key << " = " << recipe.values.at(setting.key) << ", " << setting.published
        << " says " << expected;
    EXPECT_NE(recipe.lines.at(setting.key).find(setting.published), std::string::npos)
        << recipe.path << ": \"" << recipe.lines.at(setting.key) << "\" does not name " << setting.published;
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, PublishedSettings, testing::Values("frameflow.ini", "frameflow_all.ini"),
                         [](const auto& file) {
                           return std::string(file.param).substr(0, std::string(file.param).find('.'));
                         });

TEST(PublishedSettingsTable, EachHasItsKeyOrAReasonToHaveNone) {
  for (const auto& [name, value] : published_settings(kFlashIpa)) {
    const bool used = std::ranges::any_of(kSettings, [&](const Setting& setting) { return setting.published == name; });
    const bool listed =
        std::ranges::any_of(kWithoutCounterpart, [&](const std::string& begin) { return name.starts_with(begin); });
    EXPECT_TRUE(used || listed) << name << " = " << value;
  }
}

TEST(PublishedSettingsTable, TheRecipesDifferInTheLongestLengthAlone) {
  const Recipe to_150("frameflow.ini"), all("frameflow_all.ini");
  EXPECT_EQ(to_150.values.size(), all.values.size());
  for (const auto& [key, value] : to_150.values) {
    ASSERT_TRUE(all.values.contains(key)) << all.path << " does not set " << key;
    EXPECT_EQ(all.values.at(key), key == "data.max_length" ? "0" : value) << key;
  }
}

}  // namespace
}  // namespace flashrna
