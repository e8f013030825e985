#include "cli/version.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <gemmi/version.hpp>

#include "kernels/libtorch_compat.h"

namespace flashrna {
namespace {

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace

std::string program_version() { return FLASHRNA_VERSION; }

std::string version_text() {
  return fmt::format("flashrna {}\nLibTorch {}\nCUDA     {}\nHDF5     {}\ngemmi    {}\n", program_version(),
                     TORCH_VERSION, FLASHRNA_CUDA_VERSION, hdf5_version(), GEMMI_VERSION);
}

}  // namespace flashrna
