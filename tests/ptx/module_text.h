// Finds the kernels in the text of a PTX module. Their bodies are parsed when they are launched, since a module has
// many kernels of which a test runs few.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace flashrna::ptx {

struct KernelText {
  std::string name;        // canonical_name()
  std::string parameters;  // between the parentheses
  std::string directives;  // between parameters and body: .maxntid and others
  std::string body;        // between the braces
};

struct ModuleText {
  std::string name;
  std::vector<KernelText> kernels;
  std::vector<std::string> dynamic_shared;  // symbols of dynamic shared memory
  std::map<int, std::string> files;         // source files by number, for messages
};

// Throws std::runtime_error if a brace is not closed.
ModuleText read_module(std::string_view text, const std::string& name);

// A mangled name whose anonymous namespace is "_GLOBAL__N_FILE_cu". nvcc puts hashes into it, which differ between two
// compilations of one source.
std::string canonical_name(std::string_view mangled);

}  // namespace flashrna::ptx
