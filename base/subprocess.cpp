#include "base/subprocess.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "base/error.h"

extern char** environ;  // NOLINT: no POSIX header declares it

namespace flashrna {

namespace {

std::string end_of(const std::string& path) {
  constexpr std::size_t kShown = 600;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.size() > kShown ? "..." + text.substr(text.size() - kShown) : text;
}

// Starts words[0] with the other words as arguments, in a process group of its own if `own_group`. Returns the process
// id.
pid_t start_program(const std::vector<std::string>& words, const std::string& log, bool own_group) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (own_group) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int reason = posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (reason != 0) fail("{}: cannot be started: {}", words[0], std::strerror(reason));
  return child;
}

void check_status(int status, const std::string& program, const std::string& log) {
  if (WIFSIGNALED(status)) fail("{} was ended by signal {}: {}", program, WTERMSIG(status), end_of(log));
  if (WEXITSTATUS(status) != 0) fail("{} failed with status {}: {}", program, WEXITSTATUS(status), end_of(log));
}

}  // namespace

void run_program(const std::vector<std::string>& words, const std::string& log) {
  const pid_t child = start_program(words, log, false);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("{}: cannot wait for it: {}", words[0], std::strerror(errno));
  }
  check_status(status, words[0], log);
}

void run_program(const std::vector<std::string>& words, const std::string& log, const ProgramLimits& limits) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const pid_t child = start_program(words, log, true);
  int status = 0;
  std::chrono::milliseconds pause(1);
  constexpr std::chrono::milliseconds kLongestPause(50);
  for (;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) fail("{}: cannot wait for it: {}", words[0], std::strerror(errno));
    const bool late = limits.seconds > 0.0 && Clock::now() - start >= std::chrono::duration<double>(limits.seconds);
    const bool stopped = !late && limits.stop && limits.stop();
    if (late || stopped) {
      kill(-child, SIGKILL);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      if (stopped) fail("{} was interrupted", words[0]);
      fail("{} was ended after the time limit of {} s: {}", words[0], limits.seconds, end_of(log));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
  check_status(status, words[0], log);
}

bool is_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace flashrna
