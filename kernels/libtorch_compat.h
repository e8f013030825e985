// Differences between LibTorch 2.8, 2.9, 2.10 and 2.11, the versions that flashrna builds with.
#pragma once

#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/version.h>
#endif

// Whether LibTorch is of this version or newer.
#define FLASHRNA_LIBTORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))
