#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "datasets/hdf5/file.h"
#include "datasets/hdf5/library.h"
#include "datasets/hdf5/text_heap.h"
#include "datasets/hdf5/trust.h"

namespace flashrna {

using hdf5::check;
using hdf5::checked;
using hdf5::closing;
using hdf5::LibraryLock;

namespace {

constexpr unsigned kGzipLevel = 4;

std::uint64_t product(std::span<const std::uint64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

Hdf5Handle simple_space(const Hdf5Shape& shape, const Hdf5Shape* most, const std::string& where) {
  const std::vector<hsize_t> now(shape.begin(), shape.end());
  const std::vector<hsize_t> limit(most != nullptr ? most->begin() : shape.begin(),
                                   most != nullptr ? most->end() : shape.end());
  const hid_t space =
      now.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(now.size()), now.data(), limit.data());
  return checked(space, closing(H5Sclose), where, "describe the shape");
}

// Selects the shuffle, deflate and checksum filters.
void set_packing(hid_t properties, const std::string& where) {
  check(H5Pset_shuffle(properties), where, "set the filters");
  check(H5Pset_deflate(properties, kGzipLevel), where, "set the filters");
  check(H5Pset_fletcher32(properties), where, "set the filters");
}

Hdf5Handle datatype_of(hid_t dataset, const std::string& where) {
  return checked(H5Dget_type(dataset), closing(H5Tclose), where, "read the type");
}

void refuse_text(hid_t dataset, const std::string& where) {
  const Hdf5Handle type = datatype_of(dataset, where);
  const H5T_class_t kind = H5Tget_class(type.get());
  if (kind != H5T_FLOAT && kind != H5T_INTEGER && kind != H5T_ENUM) fail("{} does not hold numbers", where);
}

// Selections in file and memory of the rows first .. first + rows.
struct RowSelection {
  Hdf5Handle file;
  Hdf5Handle memory;
};

RowSelection select_rows(hid_t dataset, const Hdf5Shape& shape, std::uint64_t first, std::uint64_t rows,
                         const std::string& where) {
  RowSelection selection;
  selection.file = checked(H5Dget_space(dataset), closing(H5Sclose), where, "select rows");
  std::vector<hsize_t> start(shape.size(), 0);
  std::vector<hsize_t> count(shape.begin(), shape.end());
  start[0] = first;
  count[0] = rows;
  check(H5Sselect_hyperslab(selection.file.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), where,
        "select rows");
  selection.memory = checked(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), closing(H5Sclose),
                             where, "select rows");
  return selection;
}

// Extends the first dimension by `rows` and selects the new rows.
RowSelection add_rows(hid_t dataset, Hdf5Shape& shape, std::uint64_t rows, const std::string& where) {
  const std::uint64_t first = shape[0];
  shape[0] += rows;
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  check(H5Dset_extent(dataset, extent.data()), where, "grow");
  return select_rows(dataset, shape, first, rows, where);
}

// Reads the `count` strings of a selection, of fixed or variable length.
std::vector<std::string> read_strings(hid_t dataset, const std::string& where, std::size_t count, hid_t memory,
                                      hid_t file) {
  const Hdf5Handle type = datatype_of(dataset, where);
  if (H5Tget_class(type.get()) != H5T_STRING) fail("{} does not hold text", where);
  if (count == 0) return {};
  if (H5Tis_variable_str(type.get()) > 0) {
    return hdf5::read_variable_texts(dataset, count, memory, file, where);
  }
  const std::size_t width = H5Tget_size(type.get());
  std::vector<char> bytes(count * width);
  check(H5Dread(dataset, type.get(), memory, file, H5P_DEFAULT, bytes.data()), where, "read");
  std::vector<std::string> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(i * width);
    values[i].assign(begin, std::find(begin, begin + static_cast<std::ptrdiff_t>(width), '\0'));
  }
  return values;
}

}  // namespace

const char* hdf5_type_name(Hdf5Type type) {
  switch (type) {
    case Hdf5Type::kFloat16:
      return "float16";
    case Hdf5Type::kFloat32:
      return "float32";
    case Hdf5Type::kFloat64:
      return "float64";
    case Hdf5Type::kInt32:
      return "int32";
    case Hdf5Type::kInt64:
      return "int64";
    case Hdf5Type::kUInt8:
      return "uint8";
    case Hdf5Type::kUInt32:
      return "uint32";
    case Hdf5Type::kText:
      return "text";
    case Hdf5Type::kOther:
      break;
  }
  return "other";
}

// ---- Reading and appending ----

Hdf5Dataset::Hdf5Dataset(Hdf5Handle handle, std::string file, std::string path)
    : Hdf5Object(std::move(handle), std::move(file), std::move(path)) {
  const Hdf5Handle space = checked(H5Dget_space(id()), closing(H5Sclose), where(), "read the shape");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  check(rank, where(), "read the shape");
  std::vector<hsize_t> extent(rank);
  check(H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr), where(), "read the shape");
  shape_.assign(extent.begin(), extent.end());
}

Hdf5Type Hdf5Dataset::type() const {
  LibraryLock lock;
  return hdf5::type_of(datatype_of(id(), where()).get());
}

std::uint64_t Hdf5Dataset::size() const { return product(shape_); }

std::uint64_t Hdf5Dataset::stored_bytes() const {
  LibraryLock lock;
  return H5Dget_storage_size(id());
}

std::size_t Hdf5Dataset::text_width() const {
  LibraryLock lock;
  const Hdf5Handle type = datatype_of(id(), where());
  return H5Tis_variable_str(type.get()) > 0 ? 0 : H5Tget_size(type.get());
}

std::uint64_t Hdf5Dataset::row_size() const {
  if (shape_.empty()) fail("{} is a scalar, it has no rows", where());
  return product(std::span(shape_).subspan(1));
}

void Hdf5Dataset::check_rows(std::uint64_t first, std::uint64_t count) const {
  if (first > shape_[0] || count > shape_[0] - first) {
    fail("{}: rows {} to {} are out of range, it has {}", where(), first, first + count, shape_[0]);
  }
}

template <typename T>
std::vector<T> Hdf5Dataset::read() const {
  LibraryLock lock;
  refuse_text(id(), where());
  std::vector<T> values(size());
  if (!values.empty()) {
    check(H5Dread(id(), hdf5::native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), where(), "read");
  }
  return values;
}

template <typename T>
void Hdf5Dataset::read_rows(std::uint64_t first, std::span<T> values) const {
  LibraryLock lock;
  refuse_text(id(), where());
  const std::uint64_t elements = row_size();
  const std::uint64_t rows = elements == 0 ? 0 : values.size() / elements;
  if (rows * elements != values.size()) {
    fail("{}: {} values are not whole rows of {} elements", where(), values.size(), elements);
  }
  check_rows(first, rows);
  if (rows == 0) return;
  const RowSelection selection = select_rows(id(), shape_, first, rows, where());
  check(H5Dread(id(), hdf5::native_type<T>(), selection.memory.get(), selection.file.get(), H5P_DEFAULT, values.data()),
        where(), "read");
}

std::vector<std::string> Hdf5Dataset::read_text() const {
  LibraryLock lock;
  return read_strings(id(), where(), size(), H5S_ALL, H5S_ALL);
}

std::vector<std::string> Hdf5Dataset::read_text_rows(std::uint64_t first, std::uint64_t count) const {
  LibraryLock lock;
  if (shape_.size() != 1) fail("{} has {} dimensions, expected 1", where(), shape_.size());
  check_rows(first, count);
  if (count == 0) return {};
  const RowSelection selection = select_rows(id(), shape_, first, count, where());
  return read_strings(id(), where(), count, selection.memory.get(), selection.file.get());
}

template <typename T>
void Hdf5Dataset::append_rows(std::span<const T> values) {
  LibraryLock lock;
  const std::uint64_t elements = row_size();
  if (elements == 0 || values.size() % elements != 0) {
    fail("{}: {} values are not whole rows of {} elements", where(), values.size(), elements);
  }
  if (values.empty()) return;
  const RowSelection selection = add_rows(id(), shape_, values.size() / elements, where());
  check(
      H5Dwrite(id(), hdf5::native_type<T>(), selection.memory.get(), selection.file.get(), H5P_DEFAULT, values.data()),
      where(), "write");
}

void Hdf5Dataset::append_text(std::span<const std::string> values) {
  LibraryLock lock;
  if (values.empty()) return;
  const Hdf5Handle type = datatype_of(id(), where());
  const bool variable = H5Tis_variable_str(type.get()) > 0;
  const std::size_t width = variable ? 0 : H5Tget_size(type.get());
  std::vector<const char*> pointers;
  std::vector<char> bytes(values.size() * width, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& value = values[i];
    if (value.find('\0') != std::string::npos) fail("{}: text \"{}\" has a zero byte in it", where(), value.c_str());
    if (variable) {
      pointers.push_back(value.c_str());
    } else {
      if (value.size() > width) fail("{}: text \"{}\" is longer than {} bytes", where(), value, width);
      std::copy(value.begin(), value.end(), bytes.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
  }
  const RowSelection selection = add_rows(id(), shape_, values.size(), where());
  const void* data = variable ? static_cast<const void*>(pointers.data()) : bytes.data();
  check(H5Dwrite(id(), type.get(), selection.memory.get(), selection.file.get(), H5P_DEFAULT, data), where(), "write");
}

// ---- Creating datasets ----

template <typename T>
Hdf5Dataset Hdf5Group::write(const std::string& name, const Hdf5Shape& shape, std::span<const T> values) {
  LibraryLock lock;
  const std::string place = file_ + ":" + child_path(name);
  if (values.size() != product(shape)) {
    fail("{}: {} values given for shape [{}]", place, values.size(), fmt::join(shape, ", "));
  }
  const Hdf5Handle space = simple_space(shape, nullptr, place);
  const Hdf5Handle properties = hdf5::untimed_properties(H5P_DATASET_CREATE);
  Hdf5Handle dataset = checked(
      H5Dcreate2(id(), name.c_str(), hdf5::stored_type<T>(), space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
      closing(H5Dclose), place, "make the dataset");
  if (!values.empty()) {
    check(H5Dwrite(dataset.get(), hdf5::native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), place,
          "write");
  }
  return Hdf5Dataset(std::move(dataset), file_, child_path(name));
}

Hdf5Dataset Hdf5Group::write_float16(const std::string& name, const Hdf5Shape& shape,
                                     std::span<const std::uint16_t> bits) {
  LibraryLock lock;
  const std::string place = file_ + ":" + child_path(name);
  if (bits.size() != product(shape)) {
    fail("{}: {} values given for shape [{}]", place, bits.size(), fmt::join(shape, ", "));
  }
  const Hdf5Handle type = hdf5::float16_type();
  const Hdf5Handle space = simple_space(shape, nullptr, place);
  const Hdf5Handle properties = hdf5::untimed_properties(H5P_DATASET_CREATE);
  // The chunk index takes some 2 kB: more than compression saves of a small dataset.
  constexpr std::size_t kSmallestPacked = 8192;
  if (bits.size() >= kSmallestPacked) {
    check(H5Pset_chunk(properties.get(), static_cast<int>(shape.size()),
                       std::vector<hsize_t>(shape.begin(), shape.end()).data()),
          place, "set the chunks");
    set_packing(properties.get(), place);
  }
  Hdf5Handle dataset =
      checked(H5Dcreate2(id(), name.c_str(), type.get(), space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
              closing(H5Dclose), place, "make the dataset");
  if (!bits.empty()) {
    check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bits.data()), place, "write");
  }
  return Hdf5Dataset(std::move(dataset), file_, child_path(name));
}

Hdf5Dataset Hdf5Group::write_text(const std::string& name, std::span<const std::string> values) {
  Hdf5Dataset dataset = create_extensible_text(name, 0, std::max<std::uint64_t>(values.size(), 1));
  dataset.append_text(values);
  return dataset;
}

Hdf5Dataset Hdf5Group::make_extensible(const std::string& name, Hdf5Handle::Id type, const Hdf5Shape& row,
                                       std::uint64_t chunk_rows, bool compress) {
  const std::string place = file_ + ":" + child_path(name);
  Hdf5Shape shape = {0};
  shape.insert(shape.end(), row.begin(), row.end());
  Hdf5Shape limit = shape;
  limit[0] = H5S_UNLIMITED;
  const Hdf5Handle space = simple_space(shape, &limit, place);
  const Hdf5Handle properties = hdf5::untimed_properties(H5P_DATASET_CREATE);
  std::vector<hsize_t> chunk(shape.begin(), shape.end());
  chunk[0] = chunk_rows;
  check(H5Pset_chunk(properties.get(), static_cast<int>(chunk.size()), chunk.data()), place, "set the chunks");
  if (compress) set_packing(properties.get(), place);
  // Rows are only appended. With HDF5's default cache, memory would grow by 1 MB per column.
  constexpr std::size_t kCachedChunks = 2;
  const std::size_t chunk_bytes = H5Tget_size(type) * product(std::vector<std::uint64_t>(chunk.begin(), chunk.end()));
  const Hdf5Handle access = checked(H5Pcreate(H5P_DATASET_ACCESS), closing(H5Pclose), place, "make the dataset");
  check(H5Pset_chunk_cache(access.get(), 11, kCachedChunks * chunk_bytes, 1.0), place, "set the cache");
  Hdf5Handle dataset =
      checked(H5Dcreate2(id(), name.c_str(), type, space.get(), H5P_DEFAULT, properties.get(), access.get()),
              closing(H5Dclose), place, "make the dataset");
  return Hdf5Dataset(std::move(dataset), file_, child_path(name));
}

template <typename T>
Hdf5Dataset Hdf5Group::create_extensible(const std::string& name, const Hdf5Shape& row, std::uint64_t chunk_rows) {
  LibraryLock lock;
  return make_extensible(name, hdf5::stored_type<T>(), row, chunk_rows, true);
}

Hdf5Dataset Hdf5Group::create_extensible_text(const std::string& name, std::size_t width, std::uint64_t chunk_rows) {
  LibraryLock lock;
  const Hdf5Handle type = hdf5::text_type(width);
  return make_extensible(name, type.get(), {}, chunk_rows, width > 0);
}

#define FLASHRNA_HDF5_ELEMENT(T)                                                                      \
  template std::vector<T> Hdf5Dataset::read<T>() const;                                               \
  template void Hdf5Dataset::read_rows<T>(std::uint64_t, std::span<T>) const;                         \
  template void Hdf5Dataset::append_rows<T>(std::span<const T>);                                      \
  template Hdf5Dataset Hdf5Group::write<T>(const std::string&, const Hdf5Shape&, std::span<const T>); \
  template Hdf5Dataset Hdf5Group::create_extensible<T>(const std::string&, const Hdf5Shape&, std::uint64_t);

FLASHRNA_HDF5_ELEMENT(float)
FLASHRNA_HDF5_ELEMENT(double)
FLASHRNA_HDF5_ELEMENT(std::int32_t)
FLASHRNA_HDF5_ELEMENT(std::int64_t)
FLASHRNA_HDF5_ELEMENT(std::uint8_t)
FLASHRNA_HDF5_ELEMENT(std::uint32_t)

#undef FLASHRNA_HDF5_ELEMENT

}  // namespace flashrna
