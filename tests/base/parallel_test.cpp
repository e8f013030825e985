#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace flashrna {
namespace {

TEST(ParallelFor, CallsEveryIndexOnceOnAnyNumberOfThreads) {
  for (const int threads : {0, 1, 3, 50}) {
    std::vector<std::atomic<int>> calls(20);
    parallel_for(calls.size(), threads, [&](std::size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1) << threads;
  }
  parallel_for(0, 2, [](std::size_t) { FAIL() << "nothing to do"; });
}

TEST(ParallelFor, ReportsEveryNumberOfFinishedCallsOnce) {
  std::vector<std::atomic<int>> reports(11);
  Watch watch;
  watch.progress = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(total, 10u);
    ++reports.at(done);
  };
  parallel_for(
      10, 3, [](std::size_t) {}, watch);
  for (std::size_t done = 1; done < reports.size(); ++done) EXPECT_EQ(reports[done], 1) << done;
}

TEST(ParallelFor, AStopEndsTheWorkBetweenCalls) {
  int asked = 0, calls = 0;
  Watch watch;
  watch.stop = [&] { return ++asked > 4; };
  parallel_for(
      10, 1, [&](std::size_t) { ++calls; }, watch);
  EXPECT_EQ(calls, 4);
}

TEST(ParallelFor, TheFirstExceptionEndsTheWorkAndIsRethrown) {
  for (const int threads : {1, 4}) {
    std::atomic<int> calls = 0;
    try {
      parallel_for(100'000, threads, [&](std::size_t i) {
        ++calls;
        if (i == 7) throw std::runtime_error("seven");
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), std::string("seven"));
    }
    EXPECT_GE(calls, 8 - threads + 1);
    if (threads == 1) {
      EXPECT_EQ(calls, 8);
    }
  }
}

}  // namespace
}  // namespace flashrna
