// The program beside an old driver and beside the libraries of another LibTorch (tests/cli/environment).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/program.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

constexpr bool kWithCuda = FLASHRNA_WITH_CUDA;
constexpr const char* kOldDriver = "the driver is for CUDA 12.4, this build needs 13.0 (driver 580 or newer)";

ProgramResult beside(const std::string& folder, const std::string& arguments) {
  return run_shell("CUDA_VISIBLE_DEVICES=0 LD_LIBRARY_PATH=" + folder + " flashrna " + arguments);
}

TEST(Environment, AnOldDriverIsNamedByDeviceCuda) {
  if (!kWithCuda) GTEST_SKIP() << "built without CUDA";
  const ProgramResult result = beside(FLASHRNA_OLD_DRIVER, "bench attention --device cuda --lengths 16 --repeats 1");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.errors, HasSubstr(std::string("error: --device \"cuda\": ") + kOldDriver));
  EXPECT_THAT(result.errors, HasSubstr("or use --device cpu or auto"));
}

TEST(Environment, DeviceAutoSaysInOneLineWhyItComputesOnTheCpu) {
  const std::string command = "bench attention --lengths 16 --repeats 1 --backends dense";
  const ProgramResult result = beside(FLASHRNA_OLD_DRIVER, command);
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr(std::string("computing on the CPU: ") +
                                       (kWithCuda ? kOldDriver : "it was built without CUDA")));
  EXPECT_EQ(beside(FLASHRNA_OLD_DRIVER, command + " --quiet").errors, "");
}

TEST(Environment, DoctorNamesAnOldDriver) {
  if (!kWithCuda) GTEST_SKIP() << "built without CUDA";
  const ProgramResult result = beside(FLASHRNA_OLD_DRIVER, "doctor --threads 1 --quiet");
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr(std::string("cuda\tnot used: ") + kOldDriver));
}

TEST(Environment, AnotherLibTorchOnTheLibraryPathIsNotLoaded) {
  const ProgramResult result = beside(FLASHRNA_FOREIGN_TORCH, "--version");
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("LibTorch 2."));
}

}  // namespace
}  // namespace flashrna
