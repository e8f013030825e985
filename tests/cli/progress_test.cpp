#include "cli/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace flashrna {
namespace {

using std::chrono::milliseconds;

TEST(ProgressLine, GivesPartRateAndTimeLeft) {
  EXPECT_EQ(progress_line("converting", "files", 10, 10, 40, 5.0, 0), "converting 10/40 files, 2 files/s, 0:15 left");
  EXPECT_EQ(progress_line("converting", "files", 10, 10, 40, 5.0, 8),
            "converting [##......] 10/40 files, 2 files/s, 0:15 left");
}

TEST(ProgressLine, RateCountsOnlyWhatThisRunDid) {
  EXPECT_EQ(progress_line("training", "steps", 110, 10, 200, 5.0, 0), "training 110/200 steps, 2 steps/s, 0:45 left");
}

TEST(ProgressLine, UnknownTotalHasNoTimeLeftAndAFinishedOneSaysHowLong) {
  EXPECT_EQ(progress_line("reading", "files", 3, 3, 0, 1.5, 8), "reading 3 files, 2 files/s, in 0:02");
  EXPECT_EQ(progress_line("reading", "files", 4, 4, 4, 8.0, 0), "reading 4/4 files, 0.5 files/s, in 0:08");
  EXPECT_EQ(progress_line("reading", "files", 0, 0, 4, 8.0, 0), "reading 0/4 files");
}

TEST(FormatDuration, SwitchesToHoursAtOneHour) {
  EXPECT_EQ(format_duration(0.4), "0:00");
  EXPECT_EQ(format_duration(754.4), "12:34");
  EXPECT_EQ(format_duration(3599.6), "1:00:00");
  EXPECT_EQ(format_duration(3723), "1:02:03");
}

TEST(Progress, PlainLinesComeAtMostOncePerIntervalAndTheLastAlways) {
  std::ostringstream out;
  {
    Progress progress("converting", "files", 1000, Progress::Style::kLines, out, milliseconds(10'000));
    for (int i = 0; i < 1000; ++i) progress.advance();
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_EQ(text.find("converting 1000/1000 files"), 0u) << text;
  EXPECT_EQ(text.find('\033'), std::string::npos) << "escape sequence without a terminal";
}

TEST(Progress, BarStaysOnOneLineUntilTheEndAndMessagesStandAboveIt) {
  std::ostringstream out;
  {
    Progress progress("sampling", "steps", 3, Progress::Style::kBar, out, milliseconds(0));
    progress.advance(1, "length 40");
    progress.message("wrote a.cif");
    progress.advance(2);
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_NE(text.find("1/3 steps"), std::string::npos) << text;
  EXPECT_NE(text.find(", length 40"), std::string::npos) << text;
  EXPECT_NE(text.find("\r\033[Kwrote a.cif\n"), std::string::npos) << text;
}

TEST(Progress, LastLineIsNotWrittenTwice) {
  std::ostringstream out;
  {
    Progress progress("converting", "files", 2, Progress::Style::kLines, out, milliseconds(0));
    progress.advance(2);
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

TEST(Progress, SilentWritesNothing) {
  std::ostringstream out;
  {
    Progress progress("sampling", "steps", 3, Progress::Style::kSilent, out, milliseconds(0));
    progress.advance(3);
    progress.message("wrote a.cif");
  }
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, CountsEveryAdvanceOfManyThreads) {
  std::ostringstream out;
  {
    Progress progress("converting", "files", 4000, Progress::Style::kLines, out, milliseconds(10'000));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) progress.advance();
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(out.str().find("converting 4000/4000 files"), 0u) << out.str();
}

}  // namespace
}  // namespace flashrna
