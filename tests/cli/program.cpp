#include "tests/cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

void limit_to(__rlimit_resource resource, long bytes) {
  if (bytes < 0) return;
  const rlimit limit{static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  setrlimit(resource, &limit);
}

// Runs in the child between fork and exec; calls only async-signal-safe functions.
[[noreturn]] void become(char* const* words, const ProgramOptions& options, int output, int errors) {
  limit_to(RLIMIT_FSIZE, options.file_size_limit);
  limit_to(RLIMIT_AS, options.memory_limit);
  if (chdir(options.folder.c_str()) == 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0) {
    execv(words[0], words);
  }
  _exit(127);
}

void interrupt_when(const ProgramOptions& options, const std::string& errors_path, pid_t process, int& status) {
  bool sent = false;
  while (waitpid(process, &status, WNOHANG) == 0) {
    if (!sent && file_bytes(errors_path).find(options.interrupt_after) != std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(options.signal_delay_ms));
      kill(process, options.signal);
      sent = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

ProgramResult run(std::vector<std::string> words, const ProgramOptions& options) {
  const TemporaryFolder streams;
  const std::string output_path = options.output_path.empty() ? streams.path("stdout") : options.output_path;
  const std::string errors_path = streams.path("stderr");
  const int output = open(output_path.c_str(), O_WRONLY | O_CREAT, 0600);
  const int errors = open(errors_path.c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const pid_t process = fork();
  if (process == 0) become(pointers.data(), options, output, errors);
  close(output);
  close(errors);
  if (process < 0) fail("cannot fork: {}", std::strerror(errno));
  int status = 0;
  if (options.interrupt_after.empty()) {
    waitpid(process, &status, 0);
  } else {
    interrupt_when(options, errors_path, process, status);
  }
  ProgramResult result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  if (options.output_path.empty()) result.output = file_bytes(output_path);
  result.errors = file_bytes(errors_path);
  return result;
}

}  // namespace

ProgramResult run_flashrna(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  std::vector<std::string> words{FLASHRNA_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run(std::move(words), options);
}

ProgramResult run_shell(const std::string& line, const ProgramOptions& options) {
  const std::string folder = fs::path(FLASHRNA_PROGRAM).parent_path();
  return run({"/bin/sh", "-c", fmt::format("PATH=\"{}:$PATH\"\n{}", folder, line)}, options);
}

std::vector<std::string> list_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(item.path(), folder);
    files.push_back(item.is_regular_file() ? fmt::format("{} ({} bytes)", name, item.file_size()) : name + "/");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace flashrna
