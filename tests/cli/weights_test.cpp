// flashrna weights, and flashrna sample with the shipped weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/csv_table.h"
#include "tests/cli/program.h"
#include "tests/cli/trained_project.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class Weights : public TrainedProject {
 protected:
  static ProgramResult flashrna(const Words& words) { return run_flashrna(words, {.folder = folder->path()}); }
  static void make_weights(const std::string& path) {
    const ProgramResult result = flashrna(
        {"weights", "run", "--output", path, "--dataset", "rna.h5", "--license", "CC0", "--description", "of a test"});
    ASSERT_EQ(result.status, 0) << result.errors;
  }
};

TEST_F(Weights, AreSmallKnownToInfoAndSampledFrom) {
  make_weights("small.h5");
  EXPECT_LT(2 * fs::file_size(folder->path("small.h5")),
            fs::file_size(folder->path("run/checkpoints/step_00000004.h5")));
  const Json info = Json::parse(flashrna({"info", "small.h5", "--json"}).output);
  EXPECT_EQ(info.at("format"), "flashrna-weights");
  EXPECT_EQ(info.at("step"), 4);
  EXPECT_EQ(info.at("moving_average"), true);
  EXPECT_EQ(info.at("license"), "CC0");
  EXPECT_EQ(info.at("description"), "of a test");
  EXPECT_EQ(info.at("dataset_sha256").get<std::string>().size(), 64u);
  EXPECT_EQ(info.at("configuration").get<std::string>().find(folder->path()), std::string::npos);
  EXPECT_THAT(flashrna({"info", "small.h5"}).output, HasSubstr("of a test"));
  const ProgramResult sampled = flashrna(
      {"sample", "--checkpoint", "small.h5", "--lengths", "20", "--samples", "1", "--steps", "2", "--output", "one"});
  EXPECT_EQ(sampled.status, 0) << sampled.errors;
  EXPECT_TRUE(fs::exists(folder->path("one/len_00020_sample_000.cif")));
}

TEST_F(Weights, AGrammarIsKeptOrMadeFromTheTrainingChains) {
  make_weights("kept.h5");
  const auto grammar_of = [](const std::string& file) {
    return Json::parse(flashrna({"info", file, "--json"}).output).at("structure_grammar");
  };
  const Json kept = grammar_of("kept.h5");
  EXPECT_TRUE(kept.at("lengths").contains("hairpin"));
  EXPECT_THAT(flashrna({"info", "kept.h5"}).output, HasSubstr("structure grammar"));
  const ProgramResult made = flashrna({"weights", "run", "--output", "made.h5", "--grammar-from", "rna.h5"});
  EXPECT_EQ(made.status, 0) << made.errors;
  EXPECT_EQ(grammar_of("made.h5"), kept);
}

TEST_F(Weights, BadUseIsRefusedAndNothingIsWritten) {
  make_weights("refused.h5");
  const Words before = list_files(folder->path());
  const auto expect_refused = [](const Words& words, int status, const std::string& part) {
    const ProgramResult result = flashrna(words);
    EXPECT_EQ(result.status, status) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(part));
  };
  expect_refused({"weights", "run", "--output", "refused.h5"}, 1, "refused.h5");
  expect_refused({"weights", "run", "--output", "new.h5", "--weights", "mean"}, 2, "--weights mean");
  expect_refused({"weights", "refused.h5", "--output", "new.h5", "--weights", "raw"}, 1, "moving average");
  expect_refused({"weights", "rna.h5", "--output", "new.h5"}, 1, "not a flashrna checkpoint");
  expect_refused({"weights", "structures", "--output", "new.h5"}, 1, "structures: holds no checkpoint");
  expect_refused({"weights", "run", "--output", "new.h5", "--dataset", "no/such.h5"}, 1, "no/such.h5");
  EXPECT_EQ(list_files(folder->path()), before);

  fs::create_directories(folder->path("stopped/checkpoints"));
  make_weights("stopped/checkpoints/step_00000004.h5");
  expect_refused({"train", "--resume", "--output", "stopped"}, 1,
                 "stopped/checkpoints/step_00000004.h5: a weights file, for sampling");
}

// A copy of the program in the layout of an installation.
TEST_F(Weights, BesideAnInstalledProgramAreTakenWithoutACheckpoint) {
  fs::create_directories(folder->path("prefix/bin"));
  fs::copy_file(FLASHRNA_PROGRAM, folder->path("prefix/bin/flashrna"));
  const std::string command =
      folder->path("prefix/bin/flashrna") + " sample --lengths 20 --samples 1 --steps 2 --output from_shipped";
  const ProgramResult none = run_shell(command, {.folder = folder->path()});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.errors, HasSubstr("error: --checkpoint FILE is missing, and there are no weights at " +
                                     folder->path("prefix/share/flashrna/weights/flashrna-small.h5") + " or "));
  EXPECT_FALSE(fs::exists(folder->path("from_shipped")));

  fs::create_directories(folder->path("prefix/share/flashrna/weights"));
  make_weights("prefix/share/flashrna/weights/flashrna-small.h5");
  folder->write("prefix/share/flashrna/weights/README.md", "# a model card\n");
  const ProgramResult shipped = run_shell(command, {.folder = folder->path()});
  EXPECT_EQ(shipped.status, 0) << shipped.errors;
  EXPECT_THAT(shipped.errors,
              HasSubstr("no --checkpoint: the weights that ship with flashrna, " +
                        folder->path("prefix/share/flashrna/weights/flashrna-small.h5") +
                        " (4 steps); what they can do: " + folder->path("prefix/share/flashrna/weights/README.md")));
  EXPECT_TRUE(fs::exists(folder->path("from_shipped/len_00020_sample_000.cif")));
}

TEST_F(Weights, OfTheCacheAreListedAndSampledByName) {
  fs::create_directories(folder->path("cache/flashrna/weights"));
  make_weights("cache/flashrna/weights/of_the_group.h5");
  const std::string cache = "XDG_CACHE_HOME=" + folder->path("cache") + " flashrna ";
  const ProgramResult listed = run_shell(cache + "weights --list --json", {.folder = folder->path()});
  ASSERT_EQ(listed.status, 0) << listed.errors;
  const Json rows = Json::parse(listed.output);
  const auto row =
      std::find_if(rows.begin(), rows.end(), [](const Json& one) { return one["name"] == "of_the_group"; });
  ASSERT_NE(row, rows.end()) << listed.output;
  EXPECT_EQ(row->at("place"), "cache");
  EXPECT_EQ(row->at("bytes"), fs::file_size(folder->path("cache/flashrna/weights/of_the_group.h5")));
  const ProgramResult sampled =
      run_shell(cache + "sample --checkpoint of_the_group --lengths 20 --samples 1 --steps 2 --output by_name",
                {.folder = folder->path()});
  EXPECT_EQ(sampled.status, 0) << sampled.errors;
  EXPECT_TRUE(fs::exists(folder->path("by_name/len_00020_sample_000.cif")));
  EXPECT_EQ(run_shell(cache + "weights --list run", {.folder = folder->path()}).status, 2);
}

// Four samples with a length and number of steps that take seconds: the default output of `flashrna sample` resembles a
// backbone. weights/README.md has the figures of 240 samples.
TEST(ShippedWeights, GiveBackbonesThatLookLikeRna) {
  ASSERT_TRUE(fs::exists(FLASHRNA_SOURCE_DIR "/weights/flashrna-small.h5"));
  const TemporaryFolder samples;
  const ProgramResult result = run_flashrna(
      {"sample", "--lengths", "40", "--samples", "4", "--steps", "20", "--seed", "1", "--output", "samples"},
      {.folder = samples.path()});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("weights/flashrna-small.h5"));
  const CsvTable table = CsvTable::read(samples.path("samples/samples.csv"));
  ASSERT_EQ(table.rows.size(), 4u);
  const auto mean = [&](const char* column) {
    double sum = 0.0;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      const std::optional<double> value = table.number(row, table.column(column));
      EXPECT_TRUE(value) << column << " of sample " << row;
      sum += value.value_or(0.0) / static_cast<double>(table.rows.size());
    }
    return sum;
  };
  EXPECT_GE(mean("c4_neighbors"), 0.85);
  EXPECT_GE(mean("bonded"), 0.80);
  EXPECT_LE(mean("clashes_per_100_atoms"), 3.0) << "per 100 atoms";
  // Natives of 40 nt have 18 Å.
  EXPECT_GE(mean("radius_of_gyration"), 12.0);
  EXPECT_LE(mean("radius_of_gyration"), 27.0);
}

}  // namespace
}  // namespace flashrna
