#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace flashrna {

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& work, const Watch& watch) {
  std::atomic<std::size_t> next = 0, done = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) {
        if (watch.stopped()) return;
        work(i);
        watch.report(++done, count);
      }
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
      next = count;  // ends the other threads
    }
  };
  {
    const std::size_t n_threads = std::min(static_cast<std::size_t>(std::max(1, threads)), count);
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < n_threads; ++t) others.emplace_back(run);
    run();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace flashrna
