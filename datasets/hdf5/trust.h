// For the sources of file.h only: what is refused in a file opened for reading. HDF5 follows links into other files,
// reads values from files that a dataset names, and takes decoders from shared libraries; a file from a stranger must do
// none of it. Sizes are checked against the file before memory is taken by them.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/hdf5/file.h"

namespace flashrna::hdf5 {

// A property list of the given class (H5P_LINK_ACCESS, H5P_GROUP_ACCESS, H5P_DATASET_ACCESS) with which HDF5 follows no
// external link, not even behind a soft one.
class InsideFile {
 public:
  explicit InsideFile(hid_t property_class);
  InsideFile(const InsideFile&) = delete;
  InsideFile& operator=(const InsideFile&) = delete;

  hid_t get() const { return properties_.get(); }
  // Throws Error for `where` if HDF5 met an external link since.
  void check(const std::string& where) const;

 private:
  static herr_t refuse(const char*, const char*, const char* file, const char* object, unsigned*, hid_t, void* self);

  Hdf5Handle properties_;
  std::string external_;  // "/a in other.h5"
};

// Throws Error if a step of the path `name` below `group` is a link that a program would have to resolve.
void refuse_user_links(hid_t group, const std::string& name, const std::string& where);

// Throws Error for a dataset whose values lie in other files (external or virtual), that has no values at all, whose
// filters are not among HDF5's own, or whose chunks are absurdly large. To be called before the shape is asked for:
// that of a virtual dataset depends on the other files.
void refuse_foreign_storage(hid_t dataset, const std::string& where);

std::uint64_t file_bytes(hid_t object, const std::string& where);

// Throws Error if `shape` elements of the dataset cannot be in the bytes that the file has for it.
void check_stored(hid_t dataset, const Hdf5Shape& shape, const std::string& where);

// Throws Error if the texts of variable length in a selection of a dataset, or in a scalar attribute, have more bytes
// than the whole file. HDF5 takes memory by the length that stands beside each text's address, whatever is there, and
// many may share an address.
void check_text_lengths(hid_t dataset, std::size_t count, hid_t memory, hid_t selection, const std::string& where);
void check_text_length(hid_t attribute, const std::string& where);

}  // namespace flashrna::hdf5
