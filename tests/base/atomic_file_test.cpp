#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <iterator>

#include "base/error.h"
#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string message_of_writing(const std::string& path, const std::string& text) {
  return message_of([&] { write_file_atomically(path, text); });
}

class AtomicFile : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(AtomicFile, MayHaveTheLongestName) {
  const std::string path = folder_.path(std::string(251, 'n') + ".cif");
  write_file_atomically(path, "x");
  EXPECT_EQ(bytes_of(path), "x");
}

TEST_F(AtomicFile, IsWrittenAndReplacedWhole) {
  const std::string path = folder_.path("out.cif");
  write_file_atomically(path, std::string(100'000, 'x'));
  EXPECT_EQ(bytes_of(path), std::string(100'000, 'x'));
  write_file_atomically(path, "short");
  EXPECT_EQ(bytes_of(path), "short");
  EXPECT_EQ(folder_.count(), 1u);
}

TEST_F(AtomicFile, MissingFolderIsNamed) {
  const std::string path = folder_.path("absent/out.cif");
  EXPECT_EQ(message_of_writing(path, "x"), path + ": cannot write: No such file or directory; make its folder first");
}

TEST_F(AtomicFile, FolderInTheWayIsNamedAndNothingIsLeft) {
  const std::string path = folder_.path("out.cif");
  std::filesystem::create_directory(path);
  EXPECT_EQ(message_of_writing(path, "x"), path + ": cannot write: Is a directory");
  EXPECT_EQ(folder_.count(), 1u);
}

TEST_F(AtomicFile, FolderThatCannotBeWrittenIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const std::string folder = folder_.path("closed");
  std::filesystem::create_directory(folder);
  chmod(folder.c_str(), 0555);
  EXPECT_EQ(message_of_writing(folder + "/out.cif", "x"), folder + "/out.cif: cannot write: Permission denied");
  chmod(folder.c_str(), 0755);
}

// Runs in a child process under a file-size limit, with the default action of its signal, which terminates the process.
TEST_F(AtomicFile, FullDiskIsAnErrorAndLeavesTheOldFile) {
  const std::string path = folder_.path("out.cif");
  write_file_atomically(path, "old");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_DFL);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = message_of_writing(path, std::string(100'000, 'x'));
    _exit(message == path + ": cannot write: File too large; raise the file-size limit (ulimit -f)" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the message is another";
  EXPECT_EQ(bytes_of(path), "old");
  EXPECT_EQ(folder_.count(), 1u);
}

}  // namespace
}  // namespace flashrna
