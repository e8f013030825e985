// Selects the device and the number of threads from --device and --threads.
#pragma once

#include <string>

#include "cli/options.h"

namespace flashrna {

// Sets the number of CPU threads and returns the device by LibTorch's name, "cpu" or "cuda:n". "auto" is the first CUDA
// device, or the CPU without one. Throws UsageError with the reason if the CUDA device is unavailable.
std::string select_device(const CommonOptions& common);

}  // namespace flashrna
