// A small RAII layer over the HDF5 C API: files, groups, datasets and attributes. Handles close on scope exit, and
// failures become Error with the file's name. Datasets and checkpoints are built on it.
//
// A file opened for reading is not trusted: links, values and filters outside the file are refused, and sizes are
// checked against the file's size before memory is allocated. Modification times are off, so that the same calls give
// the same bytes. Thread-safe: one lock guards the library, which most distributions build without its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace flashrna {

using Hdf5Shape = std::vector<std::uint64_t>;

// Element types in files. Every <T> below is float, double, std::int32_t, std::int64_t, std::uint8_t or std::uint32_t.
// kFloat16 is IEEE binary16. kText is UTF-8 of fixed width (zero-padded) or variable length. kOther is anything else.
enum class Hdf5Type { kFloat16, kFloat32, kFloat64, kInt32, kInt64, kUInt8, kUInt32, kText, kOther };

const char* hdf5_type_name(Hdf5Type type);  // "float32", ..., "text", "other"

// Owns one HDF5 identifier. `Id` is HDF5's hid_t.
class Hdf5Handle {
 public:
  using Id = std::int64_t;
  using Close = int (*)(Id);

  Hdf5Handle() = default;
  Hdf5Handle(Id id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() { reset(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept;
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept;

  Id get() const { return id_; }
  // Closes now. Returns false if HDF5 reports an error (it could not write its buffers).
  bool reset();

 private:
  Id id_ = -1;
  Close close_ = nullptr;
};

// Base of groups and datasets: attributes. Reading throws Error if the attribute is missing or has another type.
class Hdf5Object {
 public:
  // "file.h5:/chains/id", for messages.
  std::string where() const;
  const std::string& file() const { return file_; }

  bool has_attribute(const std::string& name) const;
  // Variable-length UTF-8.
  void set_text(const std::string& name, const std::string& value);
  void set_integer(const std::string& name, std::int64_t value);
  void set_number(const std::string& name, double value);
  std::string text(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;

 protected:
  Hdf5Object(Hdf5Handle handle, std::string file, std::string path);
  Hdf5Handle::Id id() const { return handle_.get(); }

  Hdf5Handle handle_;
  std::string file_;
  std::string path_;  // absolute, inside the file
};

class Hdf5Dataset : public Hdf5Object {
 public:
  Hdf5Type type() const;
  const Hdf5Shape& shape() const { return shape_; }  // [] for a scalar
  std::uint64_t size() const;                        // number of elements
  std::uint64_t stored_bytes() const;                // bytes of its elements in the file, compressed or not
  std::size_t text_width() const;                    // bytes of one fixed-width text; 0 = variable length

  // All elements, row-major. Converts between number types (float64 in the file to float); throws Error for text.
  template <typename T>
  std::vector<T> read() const;
  // Rows first .. first + n of the first dimension, n = values.size() / (elements per row). Throws Error if out of
  // range.
  template <typename T>
  void read_rows(std::uint64_t first, std::span<T> values) const;
  // All strings of a text dataset; one for a scalar.
  std::vector<std::string> read_text() const;
  // Rows first .. first + count of a text dataset [n].
  std::vector<std::string> read_text_rows(std::uint64_t first, std::uint64_t count) const;

  // For datasets made by Hdf5Group::create_extensible*: appends values.size() / (elements per row) rows.
  template <typename T>
  void append_rows(std::span<const T> values);
  // Throws Error for a string that is wider than the column or contains a zero byte.
  void append_text(std::span<const std::string> values);

 private:
  friend class Hdf5Group;
  Hdf5Dataset(Hdf5Handle handle, std::string file, std::string path);
  std::uint64_t row_size() const;  // elements per index of the first dimension
  void check_rows(std::uint64_t first, std::uint64_t count) const;

  Hdf5Shape shape_;
};

class Hdf5Group : public Hdf5Object {
 public:
  // Whether the group has this child, or descendant ("a/b"). Throws Error if the path leads out of the file, as the
  // opening functions do.
  bool has(const std::string& name) const;
  // Names of the children, sorted.
  std::vector<std::string> names() const;

  Hdf5Group create_group(const std::string& name);
  Hdf5Group open_group(const std::string& name) const;
  Hdf5Dataset open_dataset(const std::string& name) const;
  // Whether the child is a dataset, not a group.
  bool is_dataset(const std::string& name) const;

  // Writes a whole array, contiguous; `shape` [] = scalar. Throws Error if values.size() is not the product of `shape`.
  template <typename T>
  Hdf5Dataset write(const std::string& name, const Hdf5Shape& shape, std::span<const T> values);
  // The same for float16, given as bits: with shuffle, compression and checksum unless the array is small. read()
  // converts it to float.
  Hdf5Dataset write_float16(const std::string& name, const Hdf5Shape& shape, std::span<const std::uint16_t> bits);
  // [n] variable-length strings.
  Hdf5Dataset write_text(const std::string& name, std::span<const std::string> values);

  // An empty array [0, row...] that append_rows extends. Chunks of `chunk_rows` rows, with shuffle, gzip level 4 and
  // checksum.
  template <typename T>
  Hdf5Dataset create_extensible(const std::string& name, const Hdf5Shape& row, std::uint64_t chunk_rows);
  // The same for text [0]: `width` bytes each, zero-padded, or variable length if `width` is 0 (gzip does not compress
  // these).
  Hdf5Dataset create_extensible_text(const std::string& name, std::size_t width, std::uint64_t chunk_rows);

 private:
  friend class Hdf5File;
  Hdf5Group(Hdf5Handle handle, std::string file, std::string path);
  std::string child_path(const std::string& name) const;
  Hdf5Dataset make_extensible(const std::string& name, Hdf5Handle::Id type, const Hdf5Shape& row,
                              std::uint64_t chunk_rows, bool compress);
};

class Hdf5File {
 public:
  // Opens for reading. Throws Error if the file is missing, a folder, unreadable, not HDF5, damaged or truncated.
  static Hdf5File open(const std::string& path);
  // Creates or truncates the file; messages show `shown_path`. Prefer Hdf5OutputFile.
  static Hdf5File create(const std::string& path, const std::string& shown_path);

  const std::string& path() const { return path_; }
  Hdf5Group root() const;
  // Writes all buffers and closes. Throws Error (disk full), which the destructor cannot report. All groups and
  // datasets of this file must be closed before.
  void close();

 private:
  Hdf5File(Hdf5Handle handle, std::string path);

  Hdf5Handle handle_;
  std::string path_;
};

// A new HDF5 file with a temporary name beside `path` until commit(), so that `path` is never a partial file. The
// constructor removes temporary files that killed runs left behind.
class Hdf5OutputFile {
 public:
  // Throws Error, before writing anything, if `path` exists and `overwrite` is false, if `path` is a folder, or if its
  // folder is missing or not writable.
  Hdf5OutputFile(const std::string& path, bool overwrite);
  // Removes the temporary file unless committed.
  ~Hdf5OutputFile();
  Hdf5OutputFile(Hdf5OutputFile&&) = delete;

  Hdf5Group root() const { return file_.root(); }
  const std::string& temporary_path() const { return temporary_path_; }
  // Writes the buffers, synchronizes to the disk, renames to `path`. All groups and datasets must be closed before.
  // Throws Error; the destructor then removes the temporary file.
  void commit();

 private:
  std::string path_;
  std::string temporary_path_;
  int lock_;  // descriptor of the locked temporary file; the lock tells other runs that the file is in use
  Hdf5File file_;
  bool committed_ = false;
};

// Throws Error if `path` exists and `overwrite` is false, is a folder, or its folder is missing or not writable. Called
// before long work begins.
void check_output_path(const std::string& path, bool overwrite);

}  // namespace flashrna
