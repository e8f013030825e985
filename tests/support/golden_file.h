// Reads golden files (tests/data/golden/*.h5): datasets converted to double, with their shapes. Every failure throws
// std::runtime_error naming the file and the object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flashrna {

// Path of a golden file: in the folder of the environment variable FLASHRNA_GOLDEN_DIR if set, otherwise in
// tests/data/golden. Throws if it does not exist: golden files are committed, so a missing one is a failure.
std::string golden_path(const std::string& file);

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& path);
  ~GoldenFile();
  GoldenFile(const GoldenFile&) = delete;
  GoldenFile& operator=(const GoldenFile&) = delete;

  bool has(const std::string& path) const;
  // Names of the objects in a group, sorted.
  std::vector<std::string> children(const std::string& group) const;

  std::vector<std::int64_t> shape(const std::string& path) const;  // empty for a scalar
  // All elements in row-major order, converted from integers, float32 or float64.
  std::vector<double> read(const std::string& path) const;
  // Elements of a string dataset without padding.
  std::vector<std::string> read_strings(const std::string& path) const;
  bool stored_as_float32(const std::string& path) const;

  // Scalar attribute of a group or dataset ("/" is the root).
  double attribute(const std::string& object_path, const std::string& name) const;
  std::string text_attribute(const std::string& object_path, const std::string& name) const;

 private:
  std::string path_;
  std::int64_t file_;  // hid_t
};

}  // namespace flashrna
