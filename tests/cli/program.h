// Runs the built program as a user would: a process of its own, its streams and exit status caught.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace flashrna {

struct ProgramResult {
  int status = -1;     // exit status; -signal if it died of one
  std::string output;  // stdout
  std::string errors;  // stderr
};

struct ProgramOptions {
  std::string folder = ".";     // working folder
  long file_size_limit = -1;    // bytes that a file may have, as a full disk; -1 = no limit
  long memory_limit = -1;       // bytes of address space; -1 = no limit
  std::string interrupt_after;  // send `signal` once stderr holds this text; "" = never
  int signal = SIGINT;
  int signal_delay_ms = 0;       // after the text
  std::string output_path = "";  // stdout goes there; "" = it is caught
};

// flashrna with these arguments. Throws Error if the process cannot be started.
ProgramResult run_flashrna(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

// A line of sh, with `flashrna` on the PATH.
ProgramResult run_shell(const std::string& line, const ProgramOptions& options = {});

// Every file below `folder` with its size, sorted: what a failed command must leave as it was.
std::vector<std::string> list_files(const std::string& folder);

}  // namespace flashrna
