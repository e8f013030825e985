#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/error.h"

namespace flashrna {
namespace {

// Whether `path` still names the open file. Another owner may remove the file between open() and flock(); a lock on a
// removed file protects nothing.
bool is_file_at(const std::string& path, int descriptor) {
  struct stat ours {
  }, current{};
  return fstat(descriptor, &ours) == 0 && stat(path.c_str(), &current) == 0 && ours.st_ino == current.st_ino &&
         ours.st_dev == current.st_dev;
}

bool held_by_another(int descriptor, int kind) {
  return flock(descriptor, kind | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

// Whether the lock is still held after half a second. is_held() of another process takes a shared lock for a moment,
// which must not count.
bool stays_held(int descriptor) {
  for (int tries = 0; tries < 50; ++tries) {
    if (!held_by_another(descriptor, LOCK_EX)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace

FileLock::FileLock(const std::string& path, const std::string& message) : path_(path) {
  do {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail("{}: cannot be written: {}", path, std::strerror(errno));
    if (stays_held(descriptor_)) {
      close(descriptor_);
      fail("{}", message);
    }
  } while (!is_file_at(path, descriptor_));
}

FileLock::~FileLock() {
  unlink(path_.c_str());
  close(descriptor_);
}

bool FileLock::is_held(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = held_by_another(descriptor, LOCK_SH);
  close(descriptor);
  return held;
}

}  // namespace flashrna
