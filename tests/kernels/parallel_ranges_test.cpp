#include "kernels/parallel_ranges.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace flashrna {
namespace {

class ParallelRanges : public testing::Test {
 protected:
  void TearDown() override { at::set_num_threads(before_); }

 private:
  const int before_ = at::get_num_threads();
};

TEST_F(ParallelRanges, VisitsEveryItemOnce) {
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    for (const int64_t count : {0, 1, 15, 16, 17, 100}) {
      std::vector<int> visits(count);
      parallel_ranges(count, 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++visits[i];
      });
      EXPECT_EQ(visits, std::vector<int>(count, 1)) << count << " items on " << threads << " threads";
    }
  }
}

// Each range waits for the other, which ends only if both run at the same time.
TEST_F(ParallelRanges, RunAtTheSameTime) {
  at::set_num_threads(2);
  std::mutex mutex;
  std::condition_variable arrived;
  std::set<std::thread::id> threads;
  bool together = true;
  parallel_ranges(2, 1, [&](int64_t, int64_t) {
    std::unique_lock lock(mutex);
    threads.insert(std::this_thread::get_id());
    arrived.notify_all();
    together &= arrived.wait_for(lock, std::chrono::seconds(60), [&] { return threads.size() == 2; });
  });
  EXPECT_TRUE(together) << "the two ranges ran one after the other";
  EXPECT_EQ(threads.size(), 2u);
}

TEST_F(ParallelRanges, RethrowsWhatARangeThrows) {
  at::set_num_threads(2);
  EXPECT_THROW(parallel_ranges(2, 1, [](int64_t, int64_t) { throw std::invalid_argument("range"); }),
               std::invalid_argument);
}

}  // namespace
}  // namespace flashrna
