#include "base/error.h"
#include "libfold/distributed/communicator.h"

namespace flashrna {

std::shared_ptr<Communicator> connect_processes(const Launch& launch, std::chrono::seconds) {
  fail(
      "{}: this flashrna was built without Gloo's headers (libgloo-dev) and trains in one process only; install them "
      "and configure again",
      launch.text());
}

const char* communicator_text() { return "none: this build trains in one process only (built without libgloo-dev)"; }

}  // namespace flashrna
