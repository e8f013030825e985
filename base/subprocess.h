// Runs another program and waits for it.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace flashrna {

// Runs words[0], found on the PATH, with the other words as its arguments (no shell), nothing on its standard input.
// What it prints goes into the file `log`. Throws Error if it cannot be started, with the end of the log if it fails.
void run_program(const std::vector<std::string>& words, const std::string& log);

struct ProgramLimits {
  double seconds = 0.0;        // 0 = as long as it takes
  std::function<bool()> stop;  // asked all the while; true ends the program
};

// The same in a process group of its own, which is killed, whatever it started included, when the time is over or
// stop() says so: an Error as well.
void run_program(const std::vector<std::string>& words, const std::string& log, const ProgramLimits& limits);

// Whether a program of this name is on the PATH.
bool is_program(const std::string& name);

}  // namespace flashrna
