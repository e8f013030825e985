// Runs another program and waits for it.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

// Runs words[0], found on the PATH, with the other words as its arguments (no shell), nothing on its standard input.
// What it prints goes into the file `log`. Throws Error if it cannot be started, with the end of the log if it fails.
void run_program(const std::vector<std::string>& words, const std::string& log);

// Whether a program of this name is on the PATH.
bool is_program(const std::string& name);

}  // namespace flashrna
