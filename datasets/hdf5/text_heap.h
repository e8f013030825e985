// Reads texts of variable length, which HDF5 keeps in global heaps, from the bytes of the file (HDF5 File Format
// Specification, section III.E). libhdf5 1.10 copies a text of the size that its heap states into a buffer of the size
// that its reference states, without comparing the two.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <vector>

namespace flashrna::hdf5 {

// The `count` texts of a selection of a dataset, each up to its first NUL. Throws Error for `where` if a reference or a
// heap is damaged, or if the texts have more bytes in total than the file.
std::vector<std::string> read_variable_texts(hid_t dataset, std::size_t count, hid_t memory, hid_t selection,
                                             const std::string& where);

// The text of a scalar attribute; the same conditions.
std::string read_variable_text(hid_t attribute, const std::string& where);

}  // namespace flashrna::hdf5
