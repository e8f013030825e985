#include "kernels/cuda_support.h"

#include <gtest/gtest.h>

namespace flashrna {
namespace {

CudaDriver driver_for(int version) { return {.found = true, .version = version, .failure = ""}; }

TEST(DriverProblem, ADriverOfAnOlderMajorVersionIsRefusedWithWhatToInstall) {
  EXPECT_EQ(driver_problem(driver_for(12040), 13000),
            "the driver is for CUDA 12.4, this build needs 13.0 (driver 580 or newer); update the driver, or build "
            "with an nvcc of CUDA 12.4 to 12.9");
  EXPECT_EQ(driver_problem(driver_for(11080), 12080),
            "the driver is for CUDA 11.8, this build needs 12.0 (driver 525 or newer); update the driver");
}

TEST(DriverProblem, AnyDriverOfTheMajorVersionOrANewerOneIsAccepted) {
  for (const auto& [driver, runtime] : {std::pair{13000, 13000},
                                        {13010, 13000},
                                        {13000, 13020},
                                        {12040, 12080},
                                        {13000, 12080},
                                        {0, 13000}})  // 0: a driver that does not say
    EXPECT_EQ(driver_problem(driver_for(driver), runtime), "") << driver << " " << runtime;
}

TEST(DriverProblem, NoDriverAndAFailedStartAreSaid) {
  EXPECT_EQ(driver_problem({}, 13000), "there is no NVIDIA driver (libcuda.so.1 cannot be loaded)");
  EXPECT_EQ(driver_problem({.found = true, .version = 13000, .failure = "no CUDA-capable device is detected"}, 13000),
            "the NVIDIA driver cannot be initialized: no CUDA-capable device is detected");
  // An old driver is the cause of its failure.
  EXPECT_NE(driver_problem({.found = true, .version = 12020, .failure = "unknown error"}, 13000).find("for CUDA 12.2"),
            std::string::npos);
}

TEST(CapabilityProblem, IsSaidBelowEight) {
  EXPECT_EQ(capability_problem("cuda:0 (Tesla V100)", 70),
            "cuda:0 (Tesla V100) has capability 7.0, flashrna needs 8.0 or newer (A100, RTX 30 and later)");
  EXPECT_NE(capability_problem("cuda:1 (T4)", 75), "");
  for (const int capability : {80, 86, 89, 90, 100, 120}) EXPECT_EQ(capability_problem("cuda:0", capability), "");
}

}  // namespace
}  // namespace flashrna
