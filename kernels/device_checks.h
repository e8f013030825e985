// Whether the operations compute what they should on a device: `flashrna doctor` runs these on the user's machine.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace flashrna {

struct DeviceCheck {
  std::string device;     // "cpu", "cuda:0"
  std::string operation;  // "flash_ipa lifted"
  std::string claim;      // what is compared with what
  double error = 0;
  double allowed = 0;
  double seconds = 0;
  std::string failure;  // what an operation threw instead of a result; empty otherwise

  bool passed() const { return failure.empty() && error <= allowed; }
};

// Every backend of attention, neighbors and the loss of pair distances on `device`; some seconds. Allowed errors are
// times `tolerance`. `on_check` hears of each as it ends. Never throws for a device that cannot run them: it shows in
// `failure`.
std::vector<DeviceCheck> check_device(at::Device device, double tolerance,
                                      const std::function<void(const DeviceCheck&)>& on_check);

}  // namespace flashrna
