// Runs flashrna bench attention as a user does.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/subprocess.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"

namespace flashrna {
namespace {

using Json = nlohmann::json;

TEST(BenchAttention, ShowsEveryBackendBesideLibTorchWithItsErrorAndTheRoofline) {
  const ProgramResult result = run_flashrna({"bench", "attention", "--lengths", "40", "--repeats", "1", "--device",
                                             "cpu", "--threads", "1", "--json", "--quiet"});
  ASSERT_EQ(result.status, 0) << result.errors;
  std::set<std::string> names;
  for (const Json& row : Json::parse(result.output)) {
    const std::string name = row.at("backend");
    names.insert(name);
    for (const char* column : {"forward_s", "training_s", "forward/products", "training/products", "peak_MB"})
      EXPECT_GT(row.at(column).get<double>(), 0.0) << name << " " << column;
    // Outputs of order 1 and points of a few nm in f32.
    if (name != "LibTorch f32") {
      EXPECT_LT(row.at("error").get<double>(), 2e-5) << name;
    }
    // 40 residues are memory-bound: 4 bytes for each of (8 (472 + 208) + 140) numbers per residue, at 4.3 TB/s.
    EXPECT_NEAR(row.at("H200_roofline_us").get<double>(), 40 * 4 * 5580 / 4.3e6, 1e-9) << name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"dense", "lifted", "simple", "LibTorch f32"}));
}

TEST(BenchAttention, PlansTheLaunchesOfTheFusedKernelsOnAnyMachine) {
  const ProgramResult result =
      run_flashrna({"bench", "attention", "--plan", "--lengths", "512,4096", "--batch", "2", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const Json rows = Json::parse(result.output);
  ASSERT_EQ(rows.size(), 6u);  // forward and the two backward kernels
  EXPECT_EQ(rows[0].at("kernel"), "forward");
  EXPECT_EQ(rows[0].at("blocks"), 2 * 8 * 4);
  EXPECT_EQ(rows[0].at("parts"), 1);
  EXPECT_NEAR(rows[0].at("multiprocessors_used").get<double>(), 64.0 / 132, 1e-9);
  EXPECT_EQ(rows[5].at("kernel"), "backward by keys");
  EXPECT_EQ(rows[5].at("blocks"), 2 * 8 * 64);
  const ProgramResult refused = run_flashrna({"bench", "attention", "--plan", "--channels", "200"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.errors.find("heads of 200 channels"), std::string::npos) << refused.errors;
}

TEST(BenchAttention, DenseEndsWhereItsMemoryWouldNot) {
  const ProgramResult result =
      run_flashrna({"bench", "attention", "--lengths", "16,48", "--slow-up-to", "16", "--repeats", "1", "--device",
                    "cpu", "--threads", "1", "--json", "--quiet"});
  ASSERT_EQ(result.status, 0) << result.errors;
  std::multiset<std::string> names;
  for (const Json& row : Json::parse(result.output)) names.insert(row.at("backend").get<std::string>());
  EXPECT_EQ(names.count("dense"), 1u);
  EXPECT_EQ(names.count("lifted"), 2u);
}

TEST(BenchAttention, WritesACsvAndTwoPictures) {
  if (!is_program("gnuplot")) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  const ProgramResult result = run_flashrna({"bench", "attention", "--lengths", "16,32", "--backends", "lifted",
                                             "--repeats", "1", "--device", "cpu", "--output", folder.path("figures")});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(file_bytes(folder.path("figures/attention.csv")).substr(0, 48),
            "backend,length,forward_seconds,training_seconds,");
  for (const char* name : {"forward_by_length.svg", "training_by_length.svg"})
    EXPECT_NE(file_bytes(folder.path(std::string("figures/") + name)).find("</svg>"), std::string::npos) << name;
}

TEST(BenchAttention, BadUsageIsRefused) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--repeats", "0"}, {"--lengths", "x"}, {"--channels", "0"}, {"--pair-rank", "-1"}}) {
    std::vector<std::string> all = {"bench", "attention"};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(run_flashrna(all).status, 2) << words[0];
  }
  const ProgramResult unknown = run_flashrna({"bench", "attention", "--backends", "flash", "--device", "cpu"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.errors.find("unknown attention backend \"flash\""), std::string::npos) << unknown.errors;
  const ProgramResult elsewhere = run_flashrna({"bench", "attention", "--backends", "fused", "--device", "cpu"});
  EXPECT_EQ(elsewhere.status, 2);
  EXPECT_NE(elsewhere.errors.find("--backends: fused runs on CUDA"), std::string::npos) << elsewhere.errors;
}

}  // namespace
}  // namespace flashrna
