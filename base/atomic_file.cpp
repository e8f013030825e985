#include "base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/temporary_name.h"

namespace flashrna {
namespace {

// Beyond a file-size limit the system raises SIGXFSZ, which ends the process. With the signal blocked, write() returns
// EFBIG.
class FileSizeSignalBlocked {
 public:
  FileSizeSignalBlocked() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~FileSizeSignalBlocked() {
    const timespec no_wait{};
    while (sigtimedwait(&signal_, nullptr, &no_wait) == SIGXFSZ) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  FileSizeSignalBlocked(const FileSizeSignalBlocked&) = delete;
  FileSizeSignalBlocked& operator=(const FileSizeSignalBlocked&) = delete;

 private:
  sigset_t signal_;
  sigset_t before_;
};

// A file under a temporary name. The destructor removes it unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_(path) {
    static std::atomic<unsigned> counter{0};
    temporary_ = temporary_name_beside(path, fmt::format(".{}-{}.tmp", getpid(), counter++));
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_with_reason();
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!temporary_.empty()) unlink(temporary_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_with_reason();
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void sync_and_rename() {
    if (fsync(descriptor_) != 0) fail_with_reason();
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (close(descriptor) != 0) fail_with_reason();
    if (rename(temporary_.c_str(), path_.c_str()) != 0) fail_with_reason();
    temporary_.clear();
    sync_folder();
  }

 private:
  [[noreturn]] void fail_with_reason() const {
    const int reason = errno;
    const char* advice = reason == ENOENT                       ? "; make its folder first"
                         : reason == ENOSPC || reason == EDQUOT ? "; free some space"
                         : reason == EFBIG                      ? "; raise the file-size limit (ulimit -f)"
                                                                : "";
    fail("{}: cannot write: {}{}", path_, std::strerror(reason), advice);
  }

  // Synchronizes the folder, so that the new name survives a power failure. Ignores file systems that cannot do this.
  void sync_folder() const {
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    const int descriptor = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
  }

  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace

void write_file_atomically(const std::string& path, const std::string& text) {
  const FileSizeSignalBlocked blocked;
  TemporaryFile file(path);
  file.write_all(text);
  file.sync_and_rename();
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) fail("{}: cannot be read", path);
  return std::move(bytes).str();
}

}  // namespace flashrna
