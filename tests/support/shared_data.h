// Structure files for tests: real ones that are not part of the repository, whose tests are skipped without them, and
// small ones that are (tests/data/structures/README.md).
#pragma once

#include <string>

namespace flashrna {

// Path of a file in the folder of the environment variable FLASHRNA_SHARED, otherwise in ../shared beside the
// repository; empty if it does not exist.
std::string shared_path(const std::string& file);

// Path of a file of tests/data/structures, or of the folder. Throws std::runtime_error if it does not exist.
std::string small_structure(const std::string& file = "");

}  // namespace flashrna

// Skips the test with a message if the shared file is missing; otherwise defines PATH.
#define FLASHRNA_REQUIRE_SHARED(PATH, FILE)               \
  const std::string PATH = ::flashrna::shared_path(FILE); \
  if (PATH.empty()) GTEST_SKIP() << "no shared data: " << (FILE)
