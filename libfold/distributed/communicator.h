// What a ProcessGroup needs of a library of collective operations. c10d_communicator.cpp is the one file that speaks
// c10d; without_c10d.cpp stands in for it in a build without Gloo's headers.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <functional>
#include <memory>

#include "libfold/distributed/launch.h"

namespace flashrna {

class Communicator {
 public:
  virtual ~Communicator() = default;

  // Starts adding `values`, contiguous, over the processes, in place. The returned function waits for the end and
  // throws Error if another process has ended or does not answer. All processes call it in the same order.
  virtual std::function<void()> sum(at::Tensor values) = 0;
  // Overwrites `values`, contiguous, by those of process `from`. Waits. Errors as above.
  virtual void broadcast(at::Tensor values, int from) = 0;
};

// Meets the other processes of `launch` (size above 1). `timeout` is for the meeting and for every operation. Throws
// Error, with the remedy, if they do not meet.
std::shared_ptr<Communicator> connect_processes(const Launch& launch, std::chrono::seconds timeout);

// What the processes talk through, or why this build trains in one process only.
const char* communicator_text();

}  // namespace flashrna
