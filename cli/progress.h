// Progress of a long command on stderr: on a terminal a bar with rate and remaining time, otherwise a line every 10
// seconds, nothing with --quiet.
#pragma once

#include <chrono>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <string>

namespace flashrna {

class Progress {
 public:
  enum class Style { kBar, kLines, kSilent };

  // `what`: "converting"; `unit`: "files"; `total`: 0 if unknown.
  Progress(std::string what, std::string unit, std::int64_t total, bool quiet);
  // With a given style and stream; plain lines at most once per `interval`.
  Progress(std::string what, std::string unit, std::int64_t total, Style style, std::ostream& out,
           std::chrono::milliseconds interval);
  // Prints the last state and ends the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Thread-safe. `note` ("loss 1.23") is shown at the end of the line until the next note.
  void advance(std::int64_t by = 1, const std::string& note = "");
  void set(std::int64_t done, const std::string& note = "");
  // Prints a separate line above the bar.
  void message(const std::string& line);

 private:
  void show(bool last);

  const std::string what_, unit_;
  const std::int64_t total_;
  const Style style_;
  std::ostream& out_;
  const std::chrono::milliseconds interval_;
  const std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::int64_t done_ = 0;
  std::int64_t first_ = -1;  // `done` at the first report, so that the rate excludes what an earlier run did
  std::string note_;
  std::chrono::steady_clock::time_point shown_;
  std::int64_t shown_done_ = -1;
};

// "converting 12/40 files, 3.1 files/s, 0:09 left" with a bar of `bar_width` characters; 0 = no bar. `new_done` of the
// `done` items took `seconds`; total = 0: unknown.
std::string progress_line(const std::string& what, const std::string& unit, std::int64_t done, std::int64_t new_done,
                          std::int64_t total, double seconds, int bar_width);

// "0:09", "12:34", "1:02:03".
std::string format_duration(double seconds);

}  // namespace flashrna
