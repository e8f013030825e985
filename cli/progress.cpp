#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace flashrna {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBarInterval{100};
constexpr std::chrono::milliseconds kLineInterval{10'000};
constexpr int kBarWidth = 24;
constexpr const char* kStartOfLineErased = "\r\033[K";

Progress::Style style_of_stderr(bool quiet) {
  if (quiet) return Progress::Style::kSilent;
  return isatty(STDERR_FILENO) ? Progress::Style::kBar : Progress::Style::kLines;
}

}  // namespace

Progress::Progress(std::string what, std::string unit, std::int64_t total, bool quiet)
    : Progress(std::move(what), std::move(unit), total, style_of_stderr(quiet), std::cerr,
               isatty(STDERR_FILENO) ? kBarInterval : kLineInterval) {}

Progress::Progress(std::string what, std::string unit, std::int64_t total, Style style, std::ostream& out,
                   std::chrono::milliseconds interval)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      style_(style),
      out_(out),
      interval_(interval),
      start_(steady_clock::now()),
      shown_(start_) {}

Progress::~Progress() {
  const std::lock_guard lock(mutex_);
  show(true);
}

void Progress::advance(std::int64_t by, const std::string& note) {
  const std::lock_guard lock(mutex_);
  if (first_ < 0) first_ = 0;
  done_ += by;
  note_ = note;
  show(false);
}

void Progress::set(std::int64_t done, const std::string& note) {
  const std::lock_guard lock(mutex_);
  if (first_ < 0) first_ = done;
  done_ = done;
  note_ = note;
  show(false);
}

void Progress::message(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (style_ == Style::kSilent) return;
  out_ << (style_ == Style::kBar ? kStartOfLineErased : "") << line << '\n' << std::flush;
  shown_ -= style_ == Style::kBar ? interval_ : interval_.zero();  // redraws the bar at the next report
}

void Progress::show(bool last) {
  const auto now = steady_clock::now();
  if (style_ == Style::kSilent || (!last && now - shown_ < interval_)) return;
  if (last && style_ == Style::kLines && done_ == shown_done_) return;
  shown_ = now;
  shown_done_ = done_;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const bool bar = style_ == Style::kBar;
  std::string line = progress_line(what_, unit_, done_, done_ - std::max<std::int64_t>(first_, 0), total_, seconds,
                                   bar ? kBarWidth : 0);
  if (!note_.empty()) line += ", " + note_;
  out_ << (bar ? kStartOfLineErased : "") << line << (bar && !last ? "" : "\n") << std::flush;
}

std::string progress_line(const std::string& what, const std::string& unit, std::int64_t done, std::int64_t new_done,
                          std::int64_t total, double seconds, int bar_width) {
  std::string line = what + " ";
  if (total > 0 && bar_width > 0) {
    const double part = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    const int filled = static_cast<int>(part * bar_width);
    line += fmt::format("[{}{}] ", std::string(filled, '#'), std::string(bar_width - filled, '.'));
  }
  line += total > 0 ? fmt::format("{}/{} {}", done, total, unit) : fmt::format("{} {}", done, unit);
  if (new_done <= 0 || seconds <= 0) return line;
  const double rate = static_cast<double>(new_done) / seconds;
  line += fmt::format(", {:.3g} {}/s", rate, unit);
  if (total > done) return line + fmt::format(", {} left", format_duration(static_cast<double>(total - done) / rate));
  return line + fmt::format(", in {}", format_duration(seconds));
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(seconds, 0.0)));
  const std::int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

}  // namespace flashrna
