// Makes idle OpenMP threads sleep. By default they spin at every barrier, which on busy processors takes the time that
// the working threads need: the program becomes many times slower than with one thread. libgomp reads OMP_WAIT_POLICY
// when it is loaded, so the program sets it and executes itself again, once, before the constructors of its libraries.
#include "cli/sleeping_threads.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr char kPolicy[] = "OMP_WAIT_POLICY=PASSIVE";
constexpr char kOurs[] = "FLASHRNA_SET_OMP_WAIT_POLICY=1";  // tells this setting from a user's; ends the repetition
constexpr std::size_t kMostVariables = 8000;

bool has_name(const char* variable, const char* name) {
  const std::size_t length = std::strlen(name);
  return std::strncmp(variable, name, length) == 0 && variable[length] == '=';
}

// Runs before the constructors of shared libraries: only system calls and string functions are allowed.
__attribute__((no_sanitize("address", "undefined"))) void restart_with_policy(int, char** arguments,
                                                                              char** environment) {
  static char* next[kMostVariables + 3];
  static char path[4096];
  std::size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "FLASHRNA_SET_OMP_WAIT_POLICY"})
      if (has_name(environment[count], name)) return;
    if (count == kMostVariables) return;
    next[count] = environment[count];
  }
  next[count++] = const_cast<char*>(kPolicy);
  next[count++] = const_cast<char*>(kOurs);
  next[count] = nullptr;
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = '\0';
  // Started through the loader, this is the loader, which takes other arguments.
  const char* slash = std::strrchr(path, '/');
  if (std::strncmp(slash == nullptr ? path : slash + 1, "ld", 2) == 0) return;
  execve(path, arguments, next);  // on failure, threads spin
}

using Preinit = void (*)(int, char**, char**);
__attribute__((section(".preinit_array"), used)) const Preinit kPreinit = restart_with_policy;

}  // namespace

std::string waiting_threads_text() {
  const char *policy = std::getenv("OMP_WAIT_POLICY"), *spins = std::getenv("GOMP_SPINCOUNT");
  if (policy == nullptr && spins == nullptr) return "spin: the program could not set OMP_WAIT_POLICY";
  const bool ours = std::getenv("FLASHRNA_SET_OMP_WAIT_POLICY") != nullptr;
  if (ours) return "sleep: OMP_WAIT_POLICY=PASSIVE, set by flashrna";
  return fmt::format("as the environment says:{}{}",
                     policy == nullptr ? "" : fmt::format(" OMP_WAIT_POLICY={}", policy),
                     spins == nullptr ? "" : fmt::format(" GOMP_SPINCOUNT={}", spins));
}

}  // namespace flashrna
