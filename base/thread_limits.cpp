#include "base/thread_limits.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

namespace flashrna {

namespace fs = std::filesystem;

namespace {

std::optional<int> omp_num_threads() {
  const char* text = std::getenv("OMP_NUM_THREADS");  // a number, or a list with one for each level of nesting
  if (text == nullptr) return std::nullopt;
  std::string_view rest(text);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  int value = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  const bool ends = code == std::errc() && (end == rest.data() + rest.size() || *end == ',' || *end == ' ');
  return ends && value >= 1 ? std::optional(value) : std::nullopt;
}

int processors_allowed(int processors) {
  // The kernel refuses a set that is smaller than its own.
  for (int bits = 1024; bits <= 1 << 20; bits *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(bits));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(bits));
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return std::max(1, count);
  }
  return processors;
}

// The words of a file, none if it cannot be read.
std::vector<std::string> words_in(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> words;
  for (std::string word; file >> word;) words.push_back(word);
  return words;
}

std::optional<double> number_in(const std::vector<std::string>& words, std::size_t place) {
  if (place >= words.size()) return std::nullopt;
  const char* text = words[place].c_str();
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  return end != text && *end == '\0' ? std::optional(value) : std::nullopt;
}

// Quota of one control group. "max" and -1 mean none.
std::optional<double> quota_in(const fs::path& folder, bool version_2) {
  const std::vector<std::string> words = words_in(folder / (version_2 ? "cpu.max" : "cpu.cfs_quota_us"));
  const std::optional<double> quota = number_in(words, 0);
  const std::optional<double> period =
      version_2 ? number_in(words, 1) : number_in(words_in(folder / "cpu.cfs_period_us"), 0);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// Takes the strictest quota of the group `name` of a hierarchy and of the groups that contain it. In a container the
// hierarchy may begin at a group of another name, which then is the mount itself.
void take_quota(const fs::path& mount, const std::string& name, bool version_2, ThreadLimits& limits) {
  fs::path relative = fs::path(name).relative_path();
  if (name.find("..") != std::string::npos) relative.clear();
  for (;; relative = relative.parent_path()) {
    const fs::path folder = relative.empty() ? mount : mount / relative;
    const std::optional<double> quota = quota_in(folder, version_2);
    if (quota && (!limits.quota || *quota < *limits.quota)) {
      limits.quota = quota;
      limits.quota_file = (folder / (version_2 ? "cpu.max" : "cpu.cfs_quota_us")).string();
    }
    if (relative.empty()) return;
  }
}

void take_quotas(const fs::path& root, ThreadLimits& limits) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // "0::/group", or "4:cpu,cpuacct:/group" of version 1
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), name = line.substr(second + 1);
    if (controllers.empty()) {
      take_quota(mounts, name, true, limits);
      take_quota(mounts / "unified", name, true, limits);  // both versions at once
      continue;
    }
    std::istringstream list(controllers);
    for (std::string controller; std::getline(list, controller, ',');) {
      if (controller != "cpu") continue;
      std::error_code ignored;
      const fs::path together = mounts / controllers;
      take_quota(fs::exists(together, ignored) ? together : mounts / "cpu", name, false, limits);
    }
  }
}

}  // namespace

int ThreadLimits::threads() const {
  if (omp_threads) return *omp_threads;
  const int by_quota = quota ? static_cast<int>(std::min(std::round(*quota), 1e6)) : allowed;
  return std::max(1, std::min(allowed, by_quota));
}

std::string ThreadLimits::text() const {
  const std::string machine =
      fmt::format("{} of {} processors allowed, {}", allowed, processors,
                  quota ? fmt::format("quota of {:.1f} ({})", *quota, quota_file) : std::string("no quota"));
  if (omp_threads) return fmt::format("{}: OMP_NUM_THREADS = {}; {}", threads(), *omp_threads, machine);
  return fmt::format("{}: {}", threads(), machine);
}

ThreadLimits find_thread_limits(const std::string& root) {
  ThreadLimits limits;
  limits.processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  limits.allowed = processors_allowed(limits.processors);
  limits.processors = std::max(limits.processors, limits.allowed);
  limits.omp_threads = omp_num_threads();
  take_quotas(root, limits);
  return limits;
}

int thread_count(int requested) {
  static const int default_count = find_thread_limits().threads();
  return requested > 0 ? requested : default_count;
}

}  // namespace flashrna
