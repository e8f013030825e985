// In a build without nvcc.
#include <gtest/gtest.h>

TEST(KernelsPtx, RunsInTheInterpreter) { GTEST_SKIP() << "no nvcc, which makes the PTX of the kernels"; }
