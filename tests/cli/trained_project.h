// A folder with structures, a dataset and a briefly trained run, created once per test suite.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/cli/small_data.h"

namespace flashrna {

class TrainedProject : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<TemporaryFolder>();
    make_small_project(*folder);
    train_small_model(*folder, "run");
  }
  static void TearDownTestSuite() { folder.reset(); }

  static inline std::unique_ptr<TemporaryFolder> folder;
};

}  // namespace flashrna
