#include "libfold/flow/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

RotationSchedule parsed(const std::string& text) { return parse_schedule(text, "--schedule"); }

TEST(RotationSchedule, IsReadAndWritten) {
  EXPECT_EQ(schedule_text(parsed("linear")), "linear");
  EXPECT_EQ(schedule_text(parsed("exponential")), "exponential:10");
  EXPECT_EQ(schedule_text(parsed("exponential:2.5")), "exponential:2.5");
  EXPECT_EQ(schedule_text(parsed("exponential:8:0.5")), "exponential:8:0.5");
  EXPECT_EQ(schedule_text(parsed("exponential:8:0")), "exponential:8");
  for (const char* text : {"", "cosine", "linear:3", "exponential:", "exponential:0", "exponential:-1",
                           "exponential:inf", "exponential:8:", "exponential:8:1", "exponential:8:-0.1",
                           "exponential:8:nan", "exponential:8:0.5:1", "exponential8"}) {
    EXPECT_EQ(
        message_of([&] { parsed(text); }),
        fmt::format("--schedule {}: must be linear, exponential, exponential:RATE, or exponential:RATE:START with "
                    "a rate above 0 and a start from 0 to below 1",
                    text));
    EXPECT_THROW(parsed(text), UsageError);
  }
}

// Small steps by speed() arrive where progress() says.
TEST(RotationSchedule, SpeedIsTheDerivativeOfProgress) {
  for (const char* text : {"linear", "exponential:3", "exponential:8:0.5", "exponential:1:0.25"}) {
    const RotationSchedule schedule = parsed(text);
    double remaining = 1.0;
    constexpr int kSteps = 100'000;
    for (int k = 0; k < kSteps; ++k) {
      const double t = static_cast<double>(k) / kSteps;
      if (k % 10'000 == 0) {
        EXPECT_NEAR(1.0 - remaining, schedule.progress(t), 2e-4) << text << " at " << t;
      }
      remaining *= 1.0 - schedule.speed(t) / kSteps;
    }
  }
  EXPECT_EQ(parsed("exponential:8:0.5").progress(0.3), 0.3);
  EXPECT_NEAR(parsed("exponential:8:0.5").progress(0.75), 1.0 - 0.5 * std::exp(-2.0), 1e-15);
}

}  // namespace
}  // namespace flashrna
