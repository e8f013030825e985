#include "tests/support/ptxas_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

namespace flashrna {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is not there");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The report of nvcc 13.0 for one kernel.
std::string report_of(const std::string& kernel, int stack, int stores, int loads) {
  return "ptxas info    : 0 bytes gmem\nptxas info    : Compiling entry function '" + kernel +
         "' for 'sm_90a'\nptxas info    : Function properties for " + kernel + "\n    " + std::to_string(stack) +
         " bytes stack frame, " + std::to_string(stores) + " bytes spill stores, " + std::to_string(loads) +
         " bytes spill loads\nptxas info    : Used 168 registers, used 1 barriers\n"
         "ptxas info    : Compile time = 51.569 ms\n";
}

std::size_t violations(const std::string& text) { return ptxas_violations(parse_ptxas_report(text)).size(); }

TEST(PtxasReport, IsReadAsNvccWritesIt) {
  const PtxasReport report =
      parse_ptxas_report(report_of("_Z7forwardv", 0, 0, 0) + report_of("_Z8backwardv", 8, 4, 12));
  ASSERT_EQ(report.kernels.size(), 2u);
  EXPECT_EQ(report.kernels[0].kernel, "_Z7forwardv");
  EXPECT_EQ(report.kernels[1].architecture, "sm_90a");
  EXPECT_EQ(report.kernels[1].registers, 168);
  EXPECT_EQ(report.kernels[1].stack_bytes, 8);
  EXPECT_EQ(report.kernels[1].spill_store_bytes, 4);
  EXPECT_EQ(report.kernels[1].spill_load_bytes, 12);
  EXPECT_TRUE(report.notes.empty());
}

TEST(PtxasReport, ForwardKernelsMustNotUseLocalMemory) {
  EXPECT_EQ(violations(report_of("_Z7forwardv", 0, 0, 0)), 0u);
  EXPECT_EQ(violations(report_of("_Z7forwardv", 8, 0, 0)), 1u);
  EXPECT_EQ(violations(report_of("_Z7forwardv", 8, 4, 4)), 1u);
}

TEST(PtxasReport, BackwardKernelsMaySpill64Bytes) {
  EXPECT_EQ(violations(report_of("_Z8backwardv", 64, 64, 64)), 0u);
  EXPECT_EQ(violations(report_of("_Z8backwardv", 64, 64, 68)), 1u);
  EXPECT_EQ(violations(report_of("_Z8backwardv", 64, 68, 64)), 1u);
  EXPECT_EQ(violations(report_of("_Z8backwardv", 400, 0, 0)), 1u);
}

TEST(PtxasReport, FunctionsThatWereNotInlinedCountWithTheirKernel) {
  const std::string text =
      report_of("_Z7forwardv", 0, 0, 0) +
      "ptxas info    : Function properties for _Z6calledv\n    16 bytes stack frame, 0 bytes spill "
      "stores, 0 bytes spill loads\n";
  EXPECT_EQ(violations(text), 1u);
}

TEST(PtxasReport, NotesOnSerializedOrInjectedInstructionsAreNeverAllowed) {
  for (const char* note :
       {"ptxas info    : (C7519) Potential Performance Loss: warpgroup.arrive is injected in around line 12 by "
        "compiler "
        "to allow use of registers in wgmma in function '_Z8backwardv'\n",
        "ptxas info    : (C7520) Potential Performance Loss: wgmma.mma_async instructions are serialized due to "
        "insufficient register resources for the wgmma pipeline in function '_Z8backwardv'\n"})
    EXPECT_EQ(violations(report_of("_Z8backwardv", 0, 0, 0) + note), 1u) << note;
}

TEST(PtxasReport, OneThatBreaksOffIsRefused) {
  const std::string whole = report_of("_Z7forwardv", 0, 0, 0);
  EXPECT_THROW(parse_ptxas_report(whole.substr(0, whole.find("ptxas info    : Used"))), std::runtime_error);
  EXPECT_THROW(parse_ptxas_report(whole.substr(0, whole.find("ptxas info    : Function"))), std::runtime_error);
  EXPECT_THROW(parse_ptxas_report("ptxas info    : Used 8 registers\n"), std::runtime_error);
}

TEST(OurCudaKernels, KeepTheRulesOfLocalMemoryOnEveryArchitecture) {
  const std::string list = FLASHRNA_PTXAS_REPORTS;
  if (list.empty()) GTEST_SKIP() << "built without CUDA";
  std::istringstream paths(read(list));
  int kernels = 0;
  for (std::string path; std::getline(paths, path);) {
    const PtxasReport report = parse_ptxas_report(read(path));
    EXPECT_FALSE(report.kernels.empty()) << path << " names no kernel";
    std::set<std::string> architectures;
    for (const KernelResources& kernel : report.kernels) {
      architectures.insert(kernel.architecture);
      std::printf("  %s %s: %d registers, %d bytes of stack, %d and %d of spills\n", kernel.architecture.c_str(),
                  kernel.kernel.c_str(), kernel.registers, kernel.stack_bytes, kernel.spill_store_bytes,
                  kernel.spill_load_bytes);
    }
    EXPECT_TRUE(architectures.contains("sm_80") || architectures.contains("sm_90a")) << path;
    for (const std::string& violation : ptxas_violations(report)) ADD_FAILURE() << path << ": " << violation;
    kernels += static_cast<int>(report.kernels.size());
  }
  EXPECT_GT(kernels, 0);
}

}  // namespace
}  // namespace flashrna
