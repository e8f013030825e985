// The configuration files in configs/.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "kernels/torch_headers.h"
#include "libfold/configuration.h"
#include "libfold/nn/flow_model.h"
#include "libfold/run_config.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

// The configuration files for users, each with "[model]  # 2.1 M parameters" in it.
class ConfigurationFile : public testing::TestWithParam<const char*> {};

TEST_P(ConfigurationFile, DescribesAModelOfTheSizeItStates) {
  const std::string path = std::string(FLASHRNA_SOURCE_DIR "/configs/") + GetParam();
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  configuration.read_ini(path);
  config.data.path = "rna.h5";
  config.validate();
  const FlowModel model(config.model, config.published);
  double parameters = 0;
  for (const at::Tensor& parameter : model->parameters()) parameters += static_cast<double>(parameter.numel());
  EXPECT_NE(read_text(path).find(fmt::format("# {:.1f} M parameters", parameters / 1e6)), std::string::npos)
      << path << ": the model has " << parameters << " parameters";
}

INSTANTIATE_TEST_SUITE_P(Configs, ConfigurationFile,
                         testing::Values("demo.ini", "overfit.ini", "small.ini", "rna_small.ini", "rna.ini",
                                         "frameflow.ini", "frameflow_all.ini"),
                         [](const auto& file) {
                           return std::string(file.param).substr(0, std::string(file.param).find('.'));
                         });

TEST(PublishedRecipe, LeavesNoKeyToADefaultThatMayChange) {
  for (const std::string path : {"configs/frameflow.ini", "configs/frameflow_all.ini"}) {
    RunConfig config;
    Configuration configuration;
    config.add_options(configuration);
    configuration.read_ini(FLASHRNA_SOURCE_DIR "/" + path);
    for (const Configuration::Entry& entry : configuration.entries()) {
      if (entry.key == "data.path" || entry.key == "training.initial_weights" || entry.key.starts_with("published."))
        continue;
      EXPECT_FALSE(entry.source.empty()) << entry.key << " is not set in " << path;
    }
  }
}

}  // namespace
}  // namespace flashrna
