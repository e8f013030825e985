// Runs another program and waits for it.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace flashrna {

// Runs words[0], found on the PATH, with the other words as arguments (no shell) and with empty standard input. Writes
// its output to the file `log`. Throws Error if the program cannot be started, and Error with the end of the log if it
// fails.
void run_program(const std::vector<std::string>& words, const std::string& log);

struct ProgramLimits {
  double seconds = 0.0;        // 0 = no limit
  std::function<bool()> stop;  // polled while the program runs; true ends the program
};

// The same in a process group of its own. When the time limit is reached or stop() returns true, kills the whole group
// and throws Error.
void run_program(const std::vector<std::string>& words, const std::string& log, const ProgramLimits& limits);

// Whether the PATH holds a program of this name.
bool is_program(const std::string& name);

}  // namespace flashrna
