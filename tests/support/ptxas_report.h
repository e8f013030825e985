// The CUDA assembler's report on a source's kernels (`ptxas -v`, written beside the object by cmake/ptxas_report.sh),
// and the rules for our kernels.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

struct KernelResources {
  std::string kernel;        // mangled
  std::string architecture;  // "sm_80"
  int registers = 0;
  int stack_bytes = 0;  // local memory per thread, including spills
  int spill_store_bytes = 0, spill_load_bytes = 0;
};

struct PtxasReport {
  std::vector<KernelResources> kernels;
  std::vector<std::string> notes;  // warnings of potential performance loss, such as C7519 and C7520 about wgmma
};

// Throws std::runtime_error if a kernel's lines are incomplete.
PtxasReport parse_ptxas_report(const std::string& text);

// Violations of the rules, one per line. A kernel with "backward" or "Backward" in its name may use 64 bytes of stack
// and of spills; any other kernel none. Warnings of potential performance loss are never allowed.
std::vector<std::string> ptxas_violations(const PtxasReport& report);

}  // namespace flashrna
