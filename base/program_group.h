// Runs several programs side by side, such as the child processes of one command.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace flashrna {

struct ProgramStart {
  std::vector<std::string> words;      // the program, found on the PATH, and its arguments
  std::vector<std::string> variables;  // NAME=VALUE, beside this process's environment
};

struct ProgramEnd {
  std::size_t program = 0;  // which one
  int status = 0;           // exit status; -signal if ended by a signal
};

// Starts the programs with this process's standard streams, each in a process group of its own, and waits for all.
// Polls `signal`: a number other than 0 is sent to all once. When one fails, the others have `grace_seconds` to end by
// themselves and are then killed. Returns the end of the first that failed, or {0, 0}. Throws Error if one cannot be
// started; those before it are then killed.
ProgramEnd run_program_group(const std::vector<ProgramStart>& programs, const std::function<int()>& signal,
                             double grace_seconds);

// In a program so started: ends it by SIGTERM when the process that started it has ended.
void end_with_parent();

}  // namespace flashrna
