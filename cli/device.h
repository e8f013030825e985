// Selects the device and the number of threads from --device and --threads.
#pragma once

#include <string>

#include "cli/options.h"

namespace flashrna {

// Sets the number of CPU threads and returns the device by LibTorch's name, "cpu" or "cuda:n". "auto" is the first CUDA
// device that can run our kernels, or the CPU without one; if a driver or a device is there and cannot be used, one
// line on stderr says why, unless --quiet. Throws UsageError with the reason and a remedy if the CUDA device that was
// asked for cannot be used.
std::string select_device(const CommonOptions& common);

// Why the CUDA device cannot run our kernels; "" if it can, or if its properties cannot be queried.
std::string device_problem(int index);

}  // namespace flashrna
