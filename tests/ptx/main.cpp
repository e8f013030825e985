// Loads the PTX of all kernels, then runs the tests.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/ptx/device.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::ifstream list(FLASHRNA_PTX_LIST);
  for (std::string path; std::getline(list, path);)
    if (!path.empty()) flashrna::ptx::Device::get().load_module_file(path);
  return RUN_ALL_TESTS();
}
