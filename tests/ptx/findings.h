// What a kernel did wrong. Equal findings are counted once each.
#pragma once

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

namespace flashrna::ptx {

// Ends the block that caused it.
class KernelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Safe to use from several threads.
class Findings {
 public:
  void add(const std::string& what);
  bool empty() const;
  // One finding per line with its count; empty without findings.
  std::string text() const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> counts_;
};

}  // namespace flashrna::ptx
