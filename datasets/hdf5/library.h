// Internals of file.h: the lock around the HDF5 library, the reasons of failures, and types.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <type_traits>

#include "datasets/hdf5/file.h"

namespace flashrna::hdf5 {

// Locks the HDF5 library; held around every call. Also switches off HDF5's own printing of errors, which is set per
// thread, and its loading of plug-ins.
class LibraryLock {
 public:
  LibraryLock();

 private:
  std::lock_guard<std::recursive_mutex> guard_;
};

// Why the last call on this thread failed: the system's message ("No space left on device") if there is one, otherwise
// HDF5's innermost description.
std::string failure_reason();

// Wraps `id`. Throws Error "<where>: cannot <action>: <reason>" if `id` is negative.
Hdf5Handle checked(hid_t id, Hdf5Handle::Close close, const std::string& where, const char* action);
void check(herr_t status, const std::string& where, const char* action);

Hdf5Handle::Close closing(herr_t (*function)(hid_t));

// Creation property list for groups and datasets without modification times.
Hdf5Handle untimed_properties(hid_t property_class);

// Variable-length UTF-8 if `width` is 0, otherwise `width` bytes, zero-padded.
Hdf5Handle text_type(std::size_t width);

// IEEE binary16, little-endian, for which HDF5 has no predefined type.
Hdf5Handle float16_type();

Hdf5Type type_of(hid_t datatype);

template <typename T>
hid_t native_type() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::is_same_v<T, std::uint32_t>) return H5T_NATIVE_UINT32;
}

// Types in files are little-endian on every machine.
template <typename T>
hid_t stored_type() {
  if constexpr (std::is_same_v<T, float>) return H5T_IEEE_F32LE;
  if constexpr (std::is_same_v<T, double>) return H5T_IEEE_F64LE;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_STD_I32LE;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_STD_I64LE;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_STD_U8LE;
  if constexpr (std::is_same_v<T, std::uint32_t>) return H5T_STD_U32LE;
}

}  // namespace flashrna::hdf5
