// Runs flashrna doctor as a user does.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/cli/program.h"

namespace flashrna {
namespace {

using Json = nlohmann::json;

TEST(Doctor, ShowsVersionsDevicesTheBackendAndEveryCheckWithItsError) {
  const ProgramResult result = run_flashrna({"doctor", "--device", "cpu", "--threads", "1", "--quiet"});
  EXPECT_EQ(result.status, 0) << result.errors << result.output;
  EXPECT_EQ(result.errors, "");
  for (const char* part : {"item\tvalue\n", "\nLibTorch\t2.11", "\ncpu\t",
                           "\nattention on cpu\tauto takes lifted: attention backend lifted ",
                           "\ndevice\toperation\tcheck\terror\tallowed\tpassed\tseconds\n", "\ncpu\tflash_ipa simple\t",
                           "\ncpu\tnearest_neighbors\t", "\ncpu\tpair_distance_loss\t"})
    EXPECT_NE(result.output.find(part), std::string::npos) << part << "is not in\n" << result.output;
}

TEST(Doctor, JsonHoldsParityInvarianceAndGradientsOfEveryBackend) {
  const ProgramResult result = run_flashrna({"doctor", "--device", "cpu", "--threads", "1", "--json", "--quiet"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const Json json = Json::parse(result.output);
  EXPECT_TRUE(json.at("passed").get<bool>());
  std::set<std::string> seen;
  for (const Json& check : json.at("checks")) {
    EXPECT_LE(check.at("error").get<double>(), check.at("allowed").get<double>()) << check;
    seen.insert(check.at("operation").get<std::string>() + ": " + check.at("check").get<std::string>().substr(0, 9));
  }
  for (const char* backend : {"flash_ipa dense: ", "flash_ipa lifted: ", "flash_ipa simple: "})
    for (const char* check : {"outputs, ", "gradients", "change by"})
      EXPECT_TRUE(seen.contains(std::string(backend) + check)) << backend << check;
}

TEST(Doctor, AFailedCheckShowsItsErrorAndEndsWithStatus1) {
  const ProgramResult result =
      run_flashrna({"doctor", "--device", "cpu", "--threads", "1", "--tolerance", "1e-9", "--json", "--quiet"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(
      result.errors.find(" checks failed, the first: flash_ipa dense on cpu: outputs, relative to dense in f64: "),
      std::string::npos)
      << result.errors;
  const Json json = Json::parse(result.output);
  EXPECT_FALSE(json.at("passed").get<bool>());
  EXPECT_FALSE(json.at("checks").at(0).at("passed").get<bool>());
}

TEST(Doctor, SaysHowManyThreadsItTakesAndWhy) {
  const auto about = [](const std::string& environment) {
    const ProgramResult result = run_shell("unset OMP_NUM_THREADS OMP_WAIT_POLICY GOMP_SPINCOUNT; " + environment +
                                           " flashrna doctor --device cpu --json --quiet");
    EXPECT_EQ(result.status, 0) << result.errors;
    return Json::parse(result.output).at("about");
  };
  const Json plain = about("");
  EXPECT_EQ(plain.at("waiting threads"), "sleep: OMP_WAIT_POLICY=PASSIVE, set by flashrna");
  EXPECT_NE(plain.at("threads by default").get<std::string>().find(" processors allowed, "), std::string::npos);
  const Json set = about("OMP_NUM_THREADS=1 OMP_WAIT_POLICY=active");
  EXPECT_EQ(set.at("waiting threads"), "as the environment says: OMP_WAIT_POLICY=active");
  EXPECT_EQ(set.at("threads by default").get<std::string>().find("1: OMP_NUM_THREADS = 1; "), 0u);
  EXPECT_NE(set.at("cpu").get<std::string>().find(", 1 threads"), std::string::npos);
}

TEST(Doctor, BadUsageIsRefused) {
  EXPECT_EQ(run_flashrna({"doctor", "--tolerance", "-1"}).status, 2);
  EXPECT_EQ(run_flashrna({"doctor", "--device", "cuda:99"}).status, 2);
}

}  // namespace
}  // namespace flashrna
