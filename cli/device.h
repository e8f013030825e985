// Where a command computes: what --device and --threads ask for, checked against this machine.
#pragma once

#include <string>

#include "cli/options.h"

namespace flashrna {

// Sets the number of CPU threads and returns the device by LibTorch's name, "cpu" or "cuda:n". "auto" is the first
// CUDA device if there is one. Throws UsageError for a CUDA device that is not there, saying why.
std::string select_device(const CommonOptions& common);

}  // namespace flashrna
