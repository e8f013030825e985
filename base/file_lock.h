// A lock file that tells other processes that its owner is running.
#pragma once

#include <string>

namespace flashrna {

// Holds the lock from construction to destruction, or until the process ends in any way. Does nothing on file systems
// without locks.
class FileLock {
 public:
  // Creates and locks `path`; the destructor removes it. Throws Error with `message` if another owner holds the lock,
  // and Error if the file cannot be created.
  FileLock(const std::string& path, const std::string& message);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Whether any process, including this one, holds the lock on `path`.
  static bool is_held(const std::string& path);

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace flashrna
