// What the CUDA assembler says of a source's kernels (`ptxas -v`, kept beside the object by cmake/ptxas_report.sh), and
// the rules that our kernels keep.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

struct KernelResources {
  std::string kernel;        // mangled
  std::string architecture;  // "sm_80"
  int registers = 0;
  int stack_bytes = 0;  // local memory a thread, spills included
  int spill_store_bytes = 0, spill_load_bytes = 0;
};

struct PtxasReport {
  std::vector<KernelResources> kernels;
  std::vector<std::string> notes;  // lines of potential performance loss, such as C7519 and C7520 about wgmma
};

// Throws std::runtime_error if a kernel's lines are incomplete.
PtxasReport parse_ptxas_report(const std::string& text);

// What breaks the rules, a line each; empty if nothing does. A kernel with "backward" or "Backward" in its name may
// have 64 bytes of stack and spill 64; any other none at all. Notes of potential performance loss are never allowed.
std::vector<std::string> ptxas_violations(const PtxasReport& report);

}  // namespace flashrna
