#include "base/subprocess.h"

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
#include "base/spawn.h"

namespace flashrna {

namespace {

std::string end_of(const std::string& path) {
  constexpr std::size_t kShown = 600;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.size() > kShown ? "..." + text.substr(text.size() - kShown) : text;
}

void check_status(int status, const std::string& program, const std::string& log) {
  if (WIFSIGNALED(status)) fail("{} was ended by signal {}: {}", program, WTERMSIG(status), end_of(log));
  if (WEXITSTATUS(status) != 0) fail("{} failed with status {}: {}", program, WEXITSTATUS(status), end_of(log));
}

}  // namespace

void run_program(const std::vector<std::string>& words, const std::string& log) {
  const pid_t child = spawn(words, {.log = log});
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("{}: cannot wait for it: {}", words[0], std::strerror(errno));
  }
  check_status(status, words[0], log);
}

void run_program(const std::vector<std::string>& words, const std::string& log, const ProgramLimits& limits) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const pid_t child = spawn(words, {.log = log, .own_group = true});
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
      reap(child);
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
