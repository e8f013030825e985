#include "tests/ptx/findings.h"

namespace flashrna::ptx {

void Findings::add(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++counts_[what];
}

bool Findings::empty() const {
  const std::lock_guard lock(mutex_);
  return counts_.empty();
}

std::string Findings::text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [what, count] : counts_) text += what + " (" + std::to_string(count) + " times)\n";
  return text;
}

void Findings::clear() {
  const std::lock_guard lock(mutex_);
  counts_.clear();
}

}  // namespace flashrna::ptx
