// How many threads this process should run: the processors that it may use, by affinity and by the quota of its control
// groups, unless OMP_NUM_THREADS says otherwise.
#pragma once

#include <optional>
#include <string>

namespace flashrna {

struct ThreadLimits {
  int processors = 1;              // of the machine, online
  int allowed = 1;                 // on which the process may run (affinity, cpuset)
  std::optional<double> quota;     // processors' worth of time, of the strictest control group; none = no quota
  std::string quota_file;          // that holds it
  std::optional<int> omp_threads;  // OMP_NUM_THREADS, if it begins with a whole number of at least 1

  // OMP_NUM_THREADS; else `allowed`, and no more than the quota, rounded to a whole number. At least 1.
  int threads() const;
  // "2: 2 of 8 processors allowed, quota of 4.0 (/sys/fs/cgroup/cpu.max)".
  std::string text() const;
};

// `root`: folder of /proc/self/cgroup and /sys/fs/cgroup (versions 1 and 2). Unreadable files set no limit.
ThreadLimits find_thread_limits(const std::string& root = "/");

// `requested` if above 0, else find_thread_limits().threads(), which is determined once.
int thread_count(int requested);

}  // namespace flashrna
