#include "datasets/subprocess.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "rna/error.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace flashrna {

namespace {

std::string end_of(const std::string& path) {
  constexpr std::size_t kShown = 600;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.size() > kShown ? "..." + text.substr(text.size() - kShown) : text;
}

}  // namespace

void run_program(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int reason = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (reason != 0) fail("{}: cannot be started: {}", words[0], std::strerror(reason));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("{}: cannot wait for it: {}", words[0], std::strerror(errno));
  }
  if (WIFSIGNALED(status)) fail("{} was ended by signal {}: {}", words[0], WTERMSIG(status), end_of(log));
  if (WEXITSTATUS(status) != 0) fail("{} failed with status {}: {}", words[0], WEXITSTATUS(status), end_of(log));
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
