#include "tests/support/ptxas_report.h"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace flashrna {
namespace {

constexpr int kBackwardBytes = 64;

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

bool is_backward(const std::string& kernel) { return contains(kernel, "backward") || contains(kernel, "Backward"); }

// The text between the `nth` pair of quotes.
std::string quoted(const std::string& line, int nth) {
  std::size_t begin = 0, end = 0;
  for (int pair = 0; pair <= nth; ++pair) {
    begin = line.find('\'', pair == 0 ? 0 : end + 1);
    end = line.find('\'', begin + 1);
    if (begin == std::string::npos || end == std::string::npos)
      throw std::runtime_error("no name in the assembler's line: " + line);
  }
  return line.substr(begin + 1, end - begin - 1);
}

// Which of the kernel's two lines have been read.
struct Open {
  bool properties = true, registers = true;
};

}  // namespace

PtxasReport parse_ptxas_report(const std::string& text) {
  PtxasReport report;
  Open seen;
  const auto check_complete = [&] {
    if (!seen.properties || !seen.registers)
      throw std::runtime_error("the assembler's report breaks off at " + report.kernels.back().kernel);
  };
  bool of_kernel = false;  // whether the current properties are the kernel's, not those of a called function
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (contains(line, "Compiling entry function")) {
      check_complete();
      report.kernels.push_back({quoted(line, 0), quoted(line, 1)});
      seen = {false, false};
    } else if (contains(line, "Function properties for ")) {
      const std::string name = line.substr(line.rfind(' ') + 1);
      of_kernel = !report.kernels.empty() && name == report.kernels.back().kernel;
    } else if (contains(line, "bytes stack frame")) {
      if (report.kernels.empty()) throw std::runtime_error("a stack frame before any kernel: " + line);
      KernelResources& kernel = report.kernels.back();
      int stack = 0, stores = 0, loads = 0;
      if (std::sscanf(line.c_str(), " %d bytes stack frame, %d bytes spill stores, %d bytes spill loads", &stack,
                      &stores, &loads) != 3)
        throw std::runtime_error("not understood: " + line);
      // A function that was not inlined counts for its kernel.
      kernel.stack_bytes += stack;
      kernel.spill_store_bytes += stores;
      kernel.spill_load_bytes += loads;
      if (of_kernel) seen.properties = true;
    } else if (const std::size_t used = line.find("Used "); used != std::string::npos && contains(line, "registers")) {
      if (report.kernels.empty()) throw std::runtime_error("registers before any kernel: " + line);
      report.kernels.back().registers = std::stoi(line.substr(used + 5));
      seen.registers = true;
    } else if (contains(line, "C7519") || contains(line, "C7520") || contains(line, "erformance Loss")) {
      report.notes.push_back(line);
    }
  }
  if (!report.kernels.empty()) check_complete();
  return report;
}

std::vector<std::string> ptxas_violations(const PtxasReport& report) {
  std::vector<std::string> all = report.notes;
  for (const KernelResources& kernel : report.kernels) {
    const int allowed = is_backward(kernel.kernel) ? kBackwardBytes : 0;
    const int spilled = std::max(kernel.spill_store_bytes, kernel.spill_load_bytes);
    if (kernel.stack_bytes > allowed || spilled > allowed) {
      all.push_back(kernel.kernel + " for " + kernel.architecture + ": " + std::to_string(kernel.stack_bytes) +
                    " bytes of local memory, " + std::to_string(kernel.spill_store_bytes) + " stored and " +
                    std::to_string(kernel.spill_load_bytes) + " loaded by spills; allowed are " +
                    std::to_string(allowed));
    }
  }
  return all;
}

}  // namespace flashrna
