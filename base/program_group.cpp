#include "base/program_group.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "base/spawn.h"

namespace flashrna {
namespace {

class RunningPrograms {
 public:
  explicit RunningPrograms(const std::vector<ProgramStart>& programs) {
    for (const ProgramStart& program : programs) {
      try {
        children_.push_back(spawn(program.words, {.own_group = true, .variables = program.variables}));
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
      if (child > 0) reap(child);
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
