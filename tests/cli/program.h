// Runs the built program as a user does: in a separate process, capturing its streams and exit status.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace flashrna {

struct ProgramResult {
  int status = -1;     // exit status; -signal if terminated by a signal
  std::string output;  // stdout
  std::string errors;  // stderr
};

struct ProgramOptions {
  std::string folder = ".";     // working directory
  long file_size_limit = -1;    // maximum bytes per file, simulating a full disk; -1 = no limit
  long memory_limit = -1;       // bytes of address space; -1 = no limit
  std::string interrupt_after;  // send `signal` once stderr holds this text; "" = never
  int signal = SIGINT;
  int signal_delay_ms = 0;       // after the text
  std::string output_path = "";  // redirects stdout to this file; "" = captured
};

// Runs flashrna with these arguments. Throws Error if the process cannot be started.
ProgramResult run_flashrna(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

// Runs a shell command line, with `flashrna` on the PATH.
ProgramResult run_shell(const std::string& line, const ProgramOptions& options = {});

// Every file below `folder` with its size, sorted. A failed command must not change this list.
std::vector<std::string> list_files(const std::string& folder);

}  // namespace flashrna
