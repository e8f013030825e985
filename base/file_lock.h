// A file that tells other processes that its owner is at work.
#pragma once

#include <string>

namespace flashrna {

// Held from construction to destruction, or to the end of the process however it ends. Where the file system knows no
// locks, nothing is locked.
class FileLock {
 public:
  // Makes `path` and locks it; removed in the end. Throws Error with `message` if another one holds it, and if the file
  // cannot be made.
  FileLock(const std::string& path, const std::string& message);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Whether a lock of that path is held, in this process or another.
  static bool is_held(const std::string& path);

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace flashrna
