// A GPU that runs PTX on the host. The CUDA runtime's stand-in (cuda_runtime.cpp) and tests share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/ptx/block.h"
#include "tests/ptx/device_memory.h"
#include "tests/ptx/findings.h"
#include "tests/ptx/module_text.h"

namespace flashrna::ptx {

struct DeviceProperties {
  int capability = 90;  // 10 major + minor
  int shared_bytes = 227 * 1024;
  int multiprocessors = 132;
};

// Changes the body of a kernel: a seeded fault.
using Edit = std::function<std::string(const std::string& body)>;

class Device {
 public:
  // The device of the process.
  static Device& get();

  void load_module(std::string_view text, const std::string& name);
  void load_module_file(const std::string& path);

  // Until the end of its lifetime, kernels whose names contain all of the words run with an edited body. `count()`
  // tells how many kernels differed from their source when they were launched.
  class ScopedEdit {
   public:
    ScopedEdit(std::vector<std::string> words, Edit edit);
    ~ScopedEdit();
    ScopedEdit(const ScopedEdit&) = delete;
    ScopedEdit& operator=(const ScopedEdit&) = delete;
    int count() const;
  };

  // Runs all blocks. Findings are in `findings`, and those of earlier launches make it throw. Throws std::runtime_error
  // if there is no such kernel, or it cannot be parsed.
  void launch(const std::string& kernel, Dimensions grid, Dimensions block, std::size_t dynamic_shared_bytes,
              void** arguments);

  DeviceProperties properties;
  LaunchOptions options;
  DeviceMemory memory;
  Findings findings;
  std::uint64_t launches = 0, blocks = 0;

 private:
  const Kernel& find_kernel(const std::string& name);

  std::vector<std::unique_ptr<ModuleText>> modules_;
  std::map<std::string, std::pair<const ModuleText*, const KernelText*>> texts_;
  std::map<std::string, Kernel> kernels_;  // parsed
  std::vector<std::string> edited_words_;
  Edit edit_;
  int edited_ = 0;
};

}  // namespace flashrna::ptx
