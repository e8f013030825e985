#include "tests/cli/small_data.h"

#include <filesystem>

#include "base/error.h"
#include "rna/io/structure_writer.h"
#include "tests/cli/program.h"

namespace flashrna {

namespace fs = std::filesystem;

std::vector<std::string> small_model_words() {
  return {"--model.blocks",
          "1",
          "--model.node_channels",
          "16",
          "--model.pair_channels",
          "8",
          "--model.attention_heads",
          "2",
          "--model.query_points",
          "2",
          "--model.value_points",
          "2",
          "--model.position_channels",
          "8",
          "--model.time_channels",
          "8",
          "--model.edge_feature_channels",
          "8",
          "--model.torsion_channels",
          "8",
          "--training.steps",
          "4",
          "--training.checkpoint_every",
          "2"};
}

void make_small_project(const TemporaryFolder& folder) {
  for (int i = 0; i < 12; ++i) {
    const std::string entry = "small" + std::to_string(i);
    const Structure structure = example_structure(entry, {24 + 2 * i});
    folder.write("structures/" + entry + (i == 0 ? ".pdb" : ".cif"), i == 0 ? to_pdb(structure) : to_mmcif(structure));
  }
  fs::copy(FLASHRNA_SOURCE_DIR "/configs", folder.path("configs"));
  const ProgramResult result = run_flashrna({"convert", "structures", "--output", "rna.h5"}, {.folder = folder.path()});
  if (result.status != 0) fail("convert: {}", result.errors);
}

void train_small_model(const TemporaryFolder& folder, const std::string& run, const std::vector<std::string>& more) {
  std::vector<std::string> words{"train", "--config", "configs/demo.ini", "--data.path", "rna.h5", "--output", run};
  for (const auto& extra : {small_model_words(), more}) words.insert(words.end(), extra.begin(), extra.end());
  const ProgramResult result = run_flashrna(words, {.folder = folder.path()});
  if (result.status != 0) fail("train: {}", result.errors);
}

}  // namespace flashrna
