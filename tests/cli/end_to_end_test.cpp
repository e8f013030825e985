// The complete workflow with a small model: convert, info, train, resume, sample; the output of each on stdout and
// stderr.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/trained_project.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

class EndToEnd : public TrainedProject {
 protected:
  static ProgramResult run(const Words& words) {
    ProgramResult result = run_flashrna(words, {.folder = folder->path()});
    EXPECT_EQ(result.status, 0) << result.errors;
    return result;
  }
  static std::vector<std::string> files_ending_in(const std::string& ending, const std::string& name) {
    std::vector<std::string> files;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder->path(name), none))
      if (entry.path().string().ends_with(ending)) files.push_back(entry.path().string());
    return files;
  }
  static std::string bytes(const std::string& name) { return file_bytes(folder->path(name)); }
};

TEST_F(EndToEnd, ConvertGivesTheSameBytesOnAnyNumberOfThreads) {
  run({"convert", "structures", "--output", "one.h5", "--threads", "1"});
  run({"convert", "structures", "--output", "four.h5", "--threads", "4"});
  EXPECT_FALSE(bytes("one.h5").empty());
  EXPECT_TRUE(bytes("one.h5") == bytes("four.h5"));
}

TEST_F(EndToEnd, ResultsAreJsonOnStdoutAndQuietLeavesStderrEmpty) {
  const ProgramResult converted = run({"convert", "structures", "--output", "json.h5", "--json", "--quiet"});
  EXPECT_EQ(Json::parse(converted.output).at("chains"), 12);
  EXPECT_EQ(converted.errors, "");
  const ProgramResult dataset = run({"info", "rna.h5", "--json", "--quiet"});
  EXPECT_EQ(Json::parse(dataset.output).at("chains"), 12);
  EXPECT_EQ(dataset.errors, "");
  const ProgramResult sampled = run({"sample", "--checkpoint", "run", "--lengths", "20,24", "--samples", "2", "--steps",
                                     "2", "--output", "json", "--json", "--quiet"});
  EXPECT_EQ(Json::parse(sampled.output).size(), 4u);
  EXPECT_EQ(sampled.errors, "");
}

TEST_F(EndToEnd, InfoShowsDatasetCheckpointAndStructureInAScreenful) {
  std::vector<std::string> files{"rna.h5", "structures/small0.pdb", "structures/small1.cif"};
  for (const auto& item : fs::directory_iterator(folder->path("run/checkpoints"))) files.push_back(item.path());
  ASSERT_GT(files.size(), 3u);
  for (const std::string& file : files) {
    const std::string output = run({"info", file}).output;
    const auto lines = std::count(output.begin(), output.end(), '\n');
    EXPECT_GE(lines, 3) << output;
    EXPECT_LE(lines, 50) << output;
  }
  const std::string checkpoint = run({"info", files.back()}).output;
  EXPECT_NE(checkpoint.find("longest training chain"), std::string::npos) << checkpoint;
}

TEST_F(EndToEnd, ResumedRunIsByteForByteTheUninterruptedOne) {
  train_small_model(*folder, "whole");
  Words half{"train", "--config", "configs/demo.ini", "--data.path", "rna.h5", "--output", "halves"};
  for (const std::string& word : small_model_words()) half.push_back(word == "4" ? "2" : word);
  run(half);
  run({"train", "--resume", "--output", "halves", "--training.steps", "4"});
  const Words first_samples{"sample", "--checkpoint", "whole", "--lengths", "30", "--steps", "3", "--output", "w"};
  const Words second_samples{"sample", "--checkpoint", "halves", "--lengths", "30", "--steps", "3", "--output", "h"};
  run(first_samples);
  run(second_samples);
  for (const auto& item : fs::directory_iterator(folder->path("w"))) {
    if (item.path().extension() != ".cif") continue;
    const std::string name = item.path().filename();
    EXPECT_TRUE(bytes("w/" + name) == bytes("h/" + name)) << name;
  }
}

TEST_F(EndToEnd, SampleAgainMakesOnlyWhatIsMissingAndTheSame) {
  const Words words{"sample", "--checkpoint", "run",   "--lengths", "24", "--samples", "3", "--steps",
                    "2",      "--output",     "again", "--format",  "pdb"};
  run(words);
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(folder->path("again"))) {
    if (item.path().extension() == ".pdb") files.push_back(item.path());
  }
  ASSERT_EQ(files.size(), 3u);
  const std::string lost = file_bytes(files[0]);
  const auto kept_time = fs::last_write_time(files[1]);
  fs::remove(files[0]);
  run(words);
  EXPECT_TRUE(file_bytes(files[0]) == lost);
  EXPECT_EQ(fs::last_write_time(files[1]), kept_time);
}

TEST_F(EndToEnd, SeedDecidesTheSamples) {
  for (const char* seed : {"1", "2"}) {
    run({"sample", "--checkpoint", "run", "--lengths", "24", "--steps", "2", "--seed", seed, "--output",
         std::string("seed") + seed});
  }
  for (const auto& item : fs::directory_iterator(folder->path("seed1"))) {
    if (item.path().extension() != ".cif") continue;
    const std::string name = item.path().filename();
    EXPECT_FALSE(bytes("seed1/" + name) == bytes("seed2/" + name)) << name;
  }
}

TEST_F(EndToEnd, InterruptedTrainingSaysHowToGoOnAndGoesOn) {
  Words words{"train", "--config", "configs/demo.ini", "--data.path", "rna.h5", "--output", "cut"};
  for (const std::string& word : small_model_words()) words.push_back(word == "4" ? "1000000" : word);
  const ProgramResult result =
      run_flashrna(words, {.folder = folder->path(), .interrupt_after = " of 1000000 steps done"});
  EXPECT_EQ(result.status, 130) << result.errors;
  EXPECT_NE(result.errors.find("flashrna train --resume --output cut"), std::string::npos) << result.errors;
  Words more{"train", "--resume", "--output", "cut", "--training.minutes", "0.01"};
  run(more);
  const ProgramResult terminated =
      run_flashrna({"train", "--resume", "--output", "cut"},
                   {.folder = folder->path(), .interrupt_after = " of 1000000 steps done", .signal = SIGTERM});
  EXPECT_EQ(terminated.status, 143) << terminated.errors;
}

TEST_F(EndToEnd, TrainingKilledAtTwentyMomentsIsAlwaysResumable) {
  Words words{"train", "--config", "configs/demo.ini", "--data.path", "rna.h5", "--output", "killed"};
  for (const std::string& word : small_model_words()) words.push_back(word == "4" ? "1000000" : word);
  // A checkpoint at every step, so that most interruptions happen while one is being written.
  *(std::ranges::find(words, "--training.checkpoint_every") + 1) = "1";
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    const ProgramResult result = run_flashrna(words, {.folder = folder->path(),
                                                      .interrupt_after = " steps done",
                                                      .signal = SIGKILL,
                                                      .signal_delay_ms = static_cast<int>(random() % 1000)});
    EXPECT_EQ(result.status, -SIGKILL) << result.errors;
    // The next run starts from the last checkpoint, which must be complete.
    if (!files_ending_in(".h5", "killed/checkpoints").empty()) words = {"train", "--resume", "--output", "killed"};
  }
  EXPECT_GT(files_ending_in(".h5", "killed/checkpoints").size(), 1u) << "no step was done: this test shows nothing";
  run({"train", "--resume", "--output", "killed", "--training.minutes", "0.01"});
  for (const std::string& checkpoint : files_ending_in(".h5", "killed/checkpoints")) run({"info", checkpoint});
  EXPECT_TRUE(files_ending_in(".partial", "killed/checkpoints").empty());
}

TEST_F(EndToEnd, AFailedStepFailsAgainWhenReplayed) {
  Words words{"train", "--config", "configs/demo.ini", "--data.path", "rna.h5", "--output", "failing"};
  for (const std::string& word : small_model_words()) words.push_back(word);
  words.insert(words.end(), {"--losses.translation_weight", "1e38", "--losses.translation_scale", "1e3"});
  const ProgramResult failed = run_flashrna(words, {.folder = folder->path()});
  EXPECT_EQ(failed.status, 1);
  const std::string command = "flashrna train --data.replay failing/failed_batch.h5";
  EXPECT_NE(failed.errors.find(command), std::string::npos) << failed.errors;
  const ProgramResult replayed =
      run_flashrna({"train", "--data.replay", "failing/failed_batch.h5"}, {.folder = folder->path()});
  EXPECT_EQ(replayed.status, 1);
  EXPECT_NE(replayed.errors.find("the loss is not finite"), std::string::npos) << replayed.errors;
  EXPECT_TRUE(replayed.output.starts_with("chain\tt\tloss\ttranslation")) << replayed.output;
  const ProgramResult other = run_flashrna({"train", "--data.replay", "rna.h5"}, {.folder = folder->path()});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.errors.find("rna.h5: not a failed batch"), std::string::npos) << other.errors;
}

}  // namespace
}  // namespace flashrna
