#include "cli/device.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <string>
#include <thread>

#include "base/error.h"
#include "kernels/cuda_backend.h"

namespace flashrna {

std::string select_device(const CommonOptions& common) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(common.threads > 0 ? common.threads : cores);

  if (common.device == "cpu") return "cpu";
  const int devices = count_cuda_devices();
  if (common.device == "auto") return devices > 0 ? "cuda:0" : "cpu";
  const int index = common.device == "cuda" ? 0 : std::stoi(common.device.substr(common.device.find(':') + 1));
  if (index >= devices) {
    fail_usage("--device \"{}\": this program sees {} CUDA devices{}; use --device cpu or auto", common.device, devices,
               FLASHRNA_WITH_CUDA ? "" : " (it was built without CUDA: configure with the preset cuda)");
  }
  const std::string name = "cuda:" + std::to_string(index);
  make_current(at::Device(name));
  return name;
}

}  // namespace flashrna
