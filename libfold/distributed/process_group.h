// The processes that train one model together. A default-constructed group is this process alone: every operation then
// returns at once and changes nothing. Operations on more processes are collective: all call them, in the same order.
// They throw Error if another process has ended or does not answer within the timeout.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libfold/distributed/launch.h"

namespace flashrna {

class Communicator;

class ProcessGroup {
 public:
  ProcessGroup() = default;
  // Meets the other processes. Throws Error, with the remedy, if they do not meet within the timeout.
  ProcessGroup(const Launch& launch, std::chrono::seconds timeout);

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool first() const { return rank_ == 0; }  // the process that writes

  // Adds `values` over the processes, in place. All get the same bits; the order of the additions is not specified.
  void sum(at::Tensor values) const;
  // The same without waiting. Call the result once to wait.
  std::function<void()> start_sum(at::Tensor values) const;
  // Overwrites `values` by those of process `from`.
  void broadcast(at::Tensor values, int from) const;

  bool any(bool flag) const;
  int largest(int value) const;
  // The texts of all processes, by rank.
  std::vector<std::string> gather(const std::string& text) const;
  // Waits for all.
  void barrier() const;

  // Throws Error, in every process, if `text` differs from that of process 0. The message names `what` and the first
  // line that differs.
  void require_equal(const std::string& what, const std::string& text) const;
  // Calls `work`. If it throws in any process, every process throws: its own exception, or an Error with the message of
  // the first that failed. `work` must not call collective operations.
  void together(const std::function<void()>& work) const;

 private:
  int rank_ = 0, size_ = 1;
  std::shared_ptr<Communicator> communicator_;
};

}  // namespace flashrna
