#include "tests/ptx/device.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/parallel.h"
#include "tests/ptx/parser.h"

namespace flashrna::ptx {

Device& Device::get() {
  static Device device;
  return device;
}

void Device::load_module(std::string_view text, const std::string& name) {
  modules_.push_back(std::make_unique<ModuleText>(read_module(text, name)));
  const ModuleText& module = *modules_.back();
  for (const KernelText& kernel : module.kernels) {
    texts_[kernel.name] = {&module, &kernel};
    kernels_.erase(kernel.name);
  }
}

void Device::load_module_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is not there");
  std::ostringstream text;
  text << file.rdbuf();
  load_module(text.str(), path.substr(path.rfind('/') + 1));
}

Device::ScopedEdit::ScopedEdit(std::vector<std::string> words, Edit edit) {
  Device& device = get();
  if (device.edit_) throw std::logic_error("one edit at a time");
  device.edited_words_ = std::move(words);
  device.edit_ = std::move(edit);
  device.edited_ = 0;
  device.kernels_.clear();
}

Device::ScopedEdit::~ScopedEdit() {
  get().edit_ = nullptr;
  get().kernels_.clear();
}

int Device::ScopedEdit::count() const { return get().edited_; }

const Kernel& Device::find_kernel(const std::string& name) {
  if (const auto parsed = kernels_.find(name); parsed != kernels_.end()) return parsed->second;
  const auto text = texts_.find(name);
  if (text == texts_.end()) throw std::runtime_error("no PTX module has the kernel " + name);
  const auto& [module, original] = text->second;
  KernelText kernel = *original;
  const bool is_edited = edit_ && std::all_of(edited_words_.begin(), edited_words_.end(), [&](const std::string& word) {
                           return name.find(word) != std::string::npos;
                         });
  if (is_edited) {
    kernel.body = edit_(original->body);
    edited_ += kernel.body != original->body ? 1 : 0;
  }
  return kernels_.emplace(name, parse_kernel(kernel, *module)).first->second;
}

void Device::launch(const std::string& name, Dimensions grid, Dimensions block, std::size_t dynamic_shared_bytes,
                    void** arguments) {
  if (!findings.empty()) throw std::runtime_error("no launch after findings");
  const Kernel& kernel = find_kernel(name);
  if (static_cast<int>(block.count()) > kernel.most_threads)
    throw std::runtime_error(name + ": launched with more threads than its launch bounds");
  Launch launch{&kernel, grid,    block,    dynamic_shared_bytes, std::vector<std::byte>(kernel.parameter_bytes),
                options, &memory, &findings};
  for (std::size_t i = 0; i < kernel.parameters.size(); ++i)
    std::memcpy(launch.parameters.data() + kernel.parameters[i].offset, arguments[i], kernel.parameters[i].size);
  memory.begin_launch();
  ++launches;
  blocks += grid.count();
  parallel_for(grid.count(), static_cast<int>(std::max(1u, std::thread::hardware_concurrency())), [&](std::size_t i) {
    const auto n = static_cast<unsigned>(i);
    Block(launch, {n % grid.x, n / grid.x % grid.y, n / grid.x / grid.y}).run();
  });
}

}  // namespace flashrna::ptx
