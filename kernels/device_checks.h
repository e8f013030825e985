// Checks that the operations compute correct results on a device. `flashrna doctor` runs them on the user's machine.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace flashrna {

struct DeviceCheck {
  std::string device;     // "cpu", "cuda:0"
  std::string operation;  // "flash_ipa lifted"
  std::string claim;      // which results are compared
  double error = 0;
  double allowed = 0;
  double seconds = 0;
  std::string failure;  // the message if an operation threw an exception; empty otherwise

  bool passed() const { return failure.empty() && error <= allowed; }
};

// Checks every backend of attention, neighbors and the loss of pair distances on `device`; takes some seconds. Allowed
// errors are multiplied by `tolerance`. `on_check` is called after each check. Does not throw if a device cannot run an
// operation: the check's `failure` is set.
std::vector<DeviceCheck> check_device(at::Device device, double tolerance,
                                      const std::function<void(const DeviceCheck&)>& on_check);

}  // namespace flashrna
