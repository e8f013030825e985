// Real structures that are not part of the project: tests that need them look here and are skipped without.
#pragma once

#include <string>

namespace flashrna {

// Path of a file in the folder named by the environment variable FLASHRNA_SHARED, else in ../shared beside the
// project; empty if it is not there.
std::string shared_path(const std::string& file);

}  // namespace flashrna

// Skips the test, visibly, where the shared file is absent; otherwise defines PATH.
#define FLASHRNA_REQUIRE_SHARED(PATH, FILE)               \
  const std::string PATH = ::flashrna::shared_path(FILE); \
  if (PATH.empty()) GTEST_SKIP() << "no shared data: " << (FILE)
