#include "cli/interruption.h"

#include <csignal>

namespace flashrna {
namespace {

volatile std::sig_atomic_t received = 0;

// Restores the default action, so that a second signal ends the program.
extern "C" void remember_signal(int signal) {
  received = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interruptions() {
  std::signal(SIGINT, remember_signal);
  std::signal(SIGTERM, remember_signal);
}

bool interrupted() { return received != 0; }

int interrupted_status() { return 128 + received; }

}  // namespace flashrna
