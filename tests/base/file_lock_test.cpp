#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

class FileLockTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string path_ = folder_.path(".work.lock");
};

TEST_F(FileLockTest, IsRefusedToASecondOwnerWithTheMessageAndGivenToTheNext) {
  EXPECT_FALSE(FileLock::is_held(path_));
  std::optional<FileLock> first(std::in_place, path_, "first");
  EXPECT_TRUE(FileLock::is_held(path_));
  try {
    const FileLock second(path_, "somebody is at work");
    FAIL() << "two owners";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "somebody is at work");
  }
  EXPECT_TRUE(FileLock::is_held(path_)) << "the refused one must not remove it";
  first.reset();
  EXPECT_EQ(folder_.count(), 0u);
  EXPECT_NO_THROW(FileLock(path_, "third"));
}

TEST_F(FileLockTest, OfAKilledProcessIsFree) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FileLock lock(path_, "child");
    (void)!write(ready[1], "x", 1);
    pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(FileLock::is_held(path_));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(folder_.count(), 1u) << "what the killed one left";
  EXPECT_FALSE(FileLock::is_held(path_));
  EXPECT_NO_THROW(FileLock(path_, "next"));
}

TEST_F(FileLockTest, InAFolderThatIsNotThereIsAnErrorThatNamesIt) {
  EXPECT_THROW(FileLock(folder_.path("absent/.work.lock"), "held"), Error);
}

}  // namespace
}  // namespace flashrna
