#include "cli/device.h"

#include <ATen/Parallel.h>

#include <string>

#include "base/error.h"
#include "base/thread_limits.h"
#include "kernels/cuda_backend.h"

namespace flashrna {

std::string select_device(const CommonOptions& common) {
  at::set_num_threads(thread_count(common.threads));

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
