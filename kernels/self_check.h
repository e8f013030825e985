// Checks on the current device whether a fast implementation agrees with its reference.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace flashrna {

// One static instance per implementation and process. Thread-safe.
class SelfCheck {
 public:
  // `error` runs both implementations on a small fixed input on the device, in about a millisecond, and returns their
  // difference. The check passes if it is at most `allowed`. `what` and `instead` name the two in the warning: "WHAT
  // differs from its reference by ...; using INSTEAD".
  SelfCheck(std::string what, std::string instead, double allowed, double (*error)(at::Device));

  struct Result {
    bool passed;
    std::string text;  // "WHAT differs from its reference by 1e-06 on cpu (allowed 1e-05)", or the exception's message
  };

  // Checks at first use on a device and caches the result. A check that fails or throws warns once. If a check runs out
  // of memory, the exception is rethrown and the next call checks again.
  Result result(at::Device device);
  bool passes(at::Device device) { return result(device).passed; }

 private:
  Result check(at::Device device) const;

  std::string what_, instead_;
  double allowed_;
  double (*error_)(at::Device);
  std::mutex mutex_;
  std::map<std::pair<int, int>, Result> results_;
};

// The larger of two errors. Infinite if either is not a number, which std::max would ignore.
double larger_error(double a, double b);

// Numbers of order 1 without a random generator, equal in every run: sin(1.37 n + phase), f32, on the device.
at::Tensor self_check_values(at::IntArrayRef shape, double phase, at::Device device);

}  // namespace flashrna
