// For the tests of datasets/: structures made from ideal geometry, without downloaded data, and a temporary folder that
// is removed after the test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "rna/structure.h"

namespace flashrna {

// A bonded chain of `length` nucleotides with all atoms; bases vary with `seed`.
Chain example_chain(const std::string& id, int length, int seed = 0);

// One entry with chains "A", "B", ..., "Z26", "Z27", ... of the given lengths.
Structure example_structure(const std::string& entry, const std::vector<int>& lengths);

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path(const std::string& name = "") const;
  // Writes a file, creating folders as needed, and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
  // Number of files and folders directly in the folder.
  int count() const;

 private:
  std::filesystem::path folder_;
};

std::string file_bytes(const std::string& path);

// The message of the Error that `call` throws; "no error" if none is thrown.
template <typename Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace flashrna
