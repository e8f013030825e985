// Internals of file.h: what is refused in a file opened for reading. HDF5 follows links into other files, reads values
// from files that a dataset names, and loads decoders from shared libraries. An untrusted file must not cause any of
// this. Sizes are checked against the file before memory is allocated.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>

#include "datasets/hdf5/file.h"

namespace flashrna::hdf5 {

// A property list of the given class (H5P_LINK_ACCESS, H5P_GROUP_ACCESS, H5P_DATASET_ACCESS) that keeps HDF5 from
// following external links, also behind soft links.
class InsideFile {
 public:
  explicit InsideFile(hid_t property_class);
  InsideFile(const InsideFile&) = delete;
  InsideFile& operator=(const InsideFile&) = delete;

  hid_t get() const { return properties_.get(); }
  // Throws Error for `where` if HDF5 has met an external link since construction.
  void check(const std::string& where) const;

 private:
  static herr_t refuse(const char*, const char*, const char* file, const char* object, unsigned*, hid_t, void* self);

  Hdf5Handle properties_;
  std::string external_;  // "/a in other.h5"
};

// Throws Error if a step of the path `name` below `group` is a user-defined link.
void refuse_user_links(hid_t group, const std::string& name, const std::string& where);

// Throws Error for a dataset whose values are in other files (external or virtual), that has no values, whose filters
// are not built into HDF5, or whose chunks are absurdly large. Call it before reading the shape: the shape of a virtual
// dataset depends on other files.
void refuse_foreign_storage(hid_t dataset, const std::string& where);

std::uint64_t file_bytes(hid_t object, const std::string& where);

// Throws Error if `shape` elements of the dataset do not fit into its bytes in the file.
void check_stored(hid_t dataset, const Hdf5Shape& shape, const std::string& where);

}  // namespace flashrna::hdf5
