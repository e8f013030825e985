// Starts another program. subprocess.h waits for one, program_group.h for several.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace flashrna {

struct SpawnOptions {
  std::string log;                     // file for its output, with empty standard input; "" = this process's streams
  bool own_group = false;              // in a process group of its own
  std::vector<std::string> variables;  // NAME=VALUE, which replace those of this process
};

// Starts words[0], found on the PATH, with the other words as arguments. Returns the process id. Throws Error if it
// cannot be started.
pid_t spawn(const std::vector<std::string>& words, const SpawnOptions& options);

// Waits for a process that was killed.
void reap(pid_t child);

}  // namespace flashrna
