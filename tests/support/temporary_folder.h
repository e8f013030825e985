// A temporary folder; the destructor removes it with its content.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"

namespace flashrna {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "flashrna-test-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) fail("{}: cannot be made", path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // Of a file in it, or its own.
  std::string path(const std::string& file = "") const { return file.empty() ? path_ : path_ + "/" + file; }
  std::string operator/(const std::string& file) const { return path(file); }

  // Writes a file, makes folders as needed, and returns its path.
  std::string write(const std::string& file, const std::string& bytes) const {
    const std::filesystem::path name = path(file);
    std::filesystem::create_directories(name.parent_path());
    std::ofstream(name, std::ios::binary) << bytes;
    return name.string();
  }

  // Number of files and folders directly in it.
  int count() const {
    return static_cast<int>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }

 private:
  std::string path_;
};

}  // namespace flashrna
