#include "cli/device.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/error.h"
#include "base/thread_limits.h"
#include "kernels/cuda_backend.h"
#include "kernels/cuda_probe.h"
#include "kernels/cuda_support.h"

namespace flashrna {
namespace {

// The first CUDA device that can run our kernels, or the CPU; then `reason` says why, and is empty on a machine without
// an NVIDIA driver.
std::string first_usable_device(std::string& reason) {
  const int devices = count_cuda_devices();
  for (int index = 0; index < devices; ++index) {
    const std::string problem = device_problem(index);
    if (problem.empty()) return fmt::format("cuda:{}", index);
    if (reason.empty()) reason = problem;
  }
  if (devices == 0 && probe_cuda_driver().found) reason = why_no_cuda();
  return "cpu";
}

}  // namespace

std::string device_problem(int index) {
  try {
    const CudaDevice device = describe_cuda_device(index);
    return capability_problem(fmt::format("cuda:{} ({})", index, device.name), device.capability);
  } catch (const std::exception&) {
    return "";  // the first operation on it fails with the message of CUDA
  }
}

std::string select_device(const CommonOptions& common) {
  at::set_num_threads(thread_count(common.threads));

  if (common.device == "cpu") return "cpu";
  std::string name = common.device == "cuda" ? "cuda:0" : common.device;
  if (common.device == "auto") {
    std::string reason;
    name = first_usable_device(reason);
    if (!reason.empty() && !common.quiet) fmt::print(stderr, "computing on the CPU: {}\n", reason);
    if (name == "cpu") return name;
  } else {
    const int devices = count_cuda_devices(), index = std::stoi(name.substr(name.find(':') + 1));
    if (const std::string& reason = why_no_cuda(); !reason.empty())
      fail_usage("--device \"{}\": {}; or use --device cpu or auto", common.device, reason);
    if (index >= devices) {
      fail_usage("--device \"{}\": this program sees {} CUDA devices; use --device cpu or auto", common.device,
                 devices);
    }
    if (const std::string problem = device_problem(index); !problem.empty())
      fail_usage("--device \"{}\": {}; use --device cpu or auto", common.device, problem);
  }
  make_current(at::Device(name));
  return name;
}

}  // namespace flashrna
