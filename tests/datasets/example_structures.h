// For the tests of datasets/: structures made from ideal geometry, without downloaded data, and a temporary folder that
// is removed after the test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rna/structure.h"
#include "tests/support/error_message.h"

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

std::string error_of(const auto& call) { return message_of(call); }

}  // namespace flashrna
