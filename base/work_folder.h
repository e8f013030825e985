// A temporary folder below TMPDIR or /tmp; the destructor removes it with its content.
#pragma once

#include <filesystem>
#include <string>

namespace flashrna {

class WorkFolder {
 public:
  // Named flashrna-PURPOSE-XXXXXX. Throws Error if it cannot be made.
  explicit WorkFolder(const std::string& purpose);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace flashrna
