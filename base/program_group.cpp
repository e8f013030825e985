#include "base/program_group.h"

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>

#include "base/error.h"

extern char** environ;  // NOLINT: no POSIX header declares it

namespace flashrna {
namespace {

// The program's own variables replace those of the same name.
std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all = variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::ranges::none_of(variables, [&](const std::string& own) { return own.starts_with(name); }))
      all.emplace_back(text);
  }
  return all;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

pid_t start(const ProgramStart& program) {
  const std::vector<std::string> variables = environment_with(program.variables);
  const std::vector<char*> arguments = pointers_to(program.words), environment = pointers_to(variables);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int reason = posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  if (reason != 0) fail("{}: cannot be started: {}", program.words[0], std::strerror(reason));
  return child;
}

class RunningPrograms {
 public:
  explicit RunningPrograms(const std::vector<ProgramStart>& programs) {
    for (const ProgramStart& program : programs) {
      try {
        children_.push_back(start(program));
      } catch (...) {
        kill_all();
        throw;
      }
    }
  }

  bool any() const {
    return std::ranges::any_of(children_, [](pid_t child) { return child > 0; });
  }

  void send(int signal) const {
    for (const pid_t child : children_)
      if (child > 0) ::kill(child, signal);
  }

  // The first new failure among those that have ended.
  std::optional<ProgramEnd> collect() {
    std::optional<ProgramEnd> failed;
    for (std::size_t i = 0; i < children_.size(); ++i) {
      int status = 0;
      if (children_[i] <= 0 || waitpid(children_[i], &status, WNOHANG) != children_[i]) continue;
      children_[i] = 0;
      const int ended = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
      if (ended != 0 && !failed) failed = ProgramEnd{i, ended};
    }
    return failed;
  }

  void kill_all() {
    send(SIGKILL);
    for (pid_t& child : children_) {
      while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
      }
      child = 0;
    }
  }

 private:
  std::vector<pid_t> children_;  // 0: has ended
};

}  // namespace

ProgramEnd run_program_group(const std::vector<ProgramStart>& programs, const std::function<int()>& signal,
                             double grace_seconds) {
  using Clock = std::chrono::steady_clock;
  RunningPrograms running(programs);
  ProgramEnd first;
  Clock::time_point failed_at;
  bool sent = false;
  while (running.any()) {
    if (const std::optional<ProgramEnd> failed = running.collect(); failed && first.status == 0) {
      first = *failed;
      failed_at = Clock::now();
    }
    if (!sent && signal() != 0) {
      running.send(signal());
      sent = true;
    }
    if (first.status != 0 && Clock::now() - failed_at > std::chrono::duration<double>(grace_seconds))
      running.kill_all();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return first;
}

void end_with_parent() { prctl(PR_SET_PDEATHSIG, SIGTERM); }

}  // namespace flashrna
