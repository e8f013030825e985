#include "datasets/hdf5/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "datasets/hdf5/library.h"
#include "datasets/hdf5/text_heap.h"
#include "datasets/hdf5/trust.h"

namespace flashrna {

using hdf5::check;
using hdf5::checked;
using hdf5::closing;
using hdf5::LibraryLock;

// ---- Handles and attributes ----

Hdf5Handle::Hdf5Handle(Hdf5Handle&& other) noexcept
    : id_(std::exchange(other.id_, -1)), close_(std::exchange(other.close_, nullptr)) {}

Hdf5Handle& Hdf5Handle::operator=(Hdf5Handle&& other) noexcept {
  if (this != &other) {
    reset();
    id_ = std::exchange(other.id_, -1);
    close_ = std::exchange(other.close_, nullptr);
  }
  return *this;
}

bool Hdf5Handle::reset() {
  if (id_ < 0) return true;
  LibraryLock lock;
  return close_(std::exchange(id_, -1)) >= 0;
}

Hdf5Object::Hdf5Object(Hdf5Handle handle, std::string file, std::string path)
    : handle_(std::move(handle)), file_(std::move(file)), path_(std::move(path)) {}

std::string Hdf5Object::where() const { return file_ + ":" + path_; }

bool Hdf5Object::has_attribute(const std::string& name) const {
  LibraryLock lock;
  return H5Aexists(id(), name.c_str()) > 0;
}

namespace {

void write_attribute(hid_t object, const std::string& where, const std::string& name, hid_t stored_type,
                     hid_t memory_type, const void* value) {
  const std::string place = fmt::format("{}: attribute \"{}\"", where, name);
  if (H5Aexists(object, name.c_str()) > 0) check(H5Adelete(object, name.c_str()), place, "replace");
  const Hdf5Handle space = checked(H5Screate(H5S_SCALAR), closing(H5Sclose), place, "write");
  const Hdf5Handle attribute =
      checked(H5Acreate2(object, name.c_str(), stored_type, space.get(), H5P_DEFAULT, H5P_DEFAULT), closing(H5Aclose),
              place, "write");
  check(H5Awrite(attribute.get(), memory_type, value), place, "write");
}

// Opens a scalar attribute. Throws Error unless its type is of one of the classes `allowed`.
Hdf5Handle open_scalar_attribute(hid_t object, const std::string& where, const std::string& name, const char* expected,
                                 std::initializer_list<H5T_class_t> allowed) {
  if (H5Aexists(object, name.c_str()) <= 0) fail("{}: attribute \"{}\" is missing", where, name);
  const std::string place = fmt::format("{}: attribute \"{}\"", where, name);
  Hdf5Handle attribute = checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), closing(H5Aclose), place, "open");
  const Hdf5Handle type = checked(H5Aget_type(attribute.get()), closing(H5Tclose), place, "open");
  const Hdf5Handle space = checked(H5Aget_space(attribute.get()), closing(H5Sclose), place, "open");
  const H5T_class_t kind = H5Tget_class(type.get());
  const bool fits = std::find(allowed.begin(), allowed.end(), kind) != allowed.end();
  if (!fits || H5Sget_simple_extent_npoints(space.get()) != 1) fail("{} is not {}", place, expected);
  const std::size_t bytes = H5Tget_size(type.get());
  const std::uint64_t limit = hdf5::file_bytes(object, place);
  if (bytes > limit) fail("{}: damaged: a value of {} bytes cannot be in a file of {}", place, bytes, limit);
  return attribute;
}

}  // namespace

void Hdf5Object::set_text(const std::string& name, const std::string& value) {
  LibraryLock lock;
  const Hdf5Handle type = hdf5::text_type(0);
  const char* pointer = value.c_str();
  write_attribute(id(), where(), name, type.get(), type.get(), &pointer);
}

void Hdf5Object::set_integer(const std::string& name, std::int64_t value) {
  LibraryLock lock;
  write_attribute(id(), where(), name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void Hdf5Object::set_number(const std::string& name, double value) {
  LibraryLock lock;
  write_attribute(id(), where(), name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

std::string Hdf5Object::text(const std::string& name) const {
  LibraryLock lock;
  const Hdf5Handle attribute = open_scalar_attribute(id(), where(), name, "a text", {H5T_STRING});
  const Hdf5Handle type = checked(H5Aget_type(attribute.get()), closing(H5Tclose), where(), "read an attribute");
  if (H5Tis_variable_str(type.get()) > 0) {
    return hdf5::read_variable_text(attribute.get(), fmt::format("{}: attribute \"{}\"", where(), name));
  }
  // The memory type must have the character set of the stored type.
  std::string value(H5Tget_size(type.get()), '\0');
  check(H5Aread(attribute.get(), type.get(), value.data()), where(), "read an attribute");
  return value.substr(0, value.find('\0'));
}

std::int64_t Hdf5Object::integer(const std::string& name) const {
  LibraryLock lock;
  const Hdf5Handle attribute = open_scalar_attribute(id(), where(), name, "an integer", {H5T_INTEGER, H5T_ENUM});
  std::int64_t value = 0;
  check(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), where(), "read an attribute");
  return value;
}

double Hdf5Object::number(const std::string& name) const {
  LibraryLock lock;
  const Hdf5Handle attribute = open_scalar_attribute(id(), where(), name, "a number", {H5T_INTEGER, H5T_FLOAT});
  double value = 0;
  check(H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value), where(), "read an attribute");
  return value;
}

// ---- Groups ----

Hdf5Group::Hdf5Group(Hdf5Handle handle, std::string file, std::string path)
    : Hdf5Object(std::move(handle), std::move(file), std::move(path)) {}

std::string Hdf5Group::child_path(const std::string& name) const {
  return path_ == "/" ? path_ + name : path_ + "/" + name;
}

bool Hdf5Group::has(const std::string& name) const {
  LibraryLock lock;
  const hdf5::InsideFile inside(H5P_LINK_ACCESS);
  // H5Lexists fails unless every step of the path before the last exists.
  for (std::size_t slash = name.find('/');; slash = name.find('/', slash + 1)) {
    const bool exists = H5Lexists(id(), name.substr(0, slash).c_str(), inside.get()) > 0;
    inside.check(file_ + ":" + child_path(name));
    if (!exists) return false;
    if (slash == std::string::npos) return true;
  }
}

std::vector<std::string> Hdf5Group::names() const {
  LibraryLock lock;
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
    static_cast<std::vector<std::string>*>(data)->push_back(name);
    return 0;
  };
  check(H5Literate(id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names), where(), "list");
  return names;
}

Hdf5Group Hdf5Group::create_group(const std::string& name) {
  LibraryLock lock;
  const std::string place = file_ + ":" + child_path(name);
  const Hdf5Handle properties = hdf5::untimed_properties(H5P_GROUP_CREATE);
  Hdf5Handle group = checked(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
                             closing(H5Gclose), place, "make the group");
  return Hdf5Group(std::move(group), file_, child_path(name));
}

Hdf5Group Hdf5Group::open_group(const std::string& name) const {
  if (!has(name)) fail("{}: group \"{}\" is missing", file_, child_path(name));
  LibraryLock lock;
  const std::string place = file_ + ":" + child_path(name);
  hdf5::refuse_user_links(id(), name, place);
  const hdf5::InsideFile inside(H5P_GROUP_ACCESS);
  Hdf5Handle group(H5Gopen2(id(), name.c_str(), inside.get()), closing(H5Gclose));
  inside.check(place);
  if (group.get() < 0) fail("{}: cannot open as a group: {}", place, hdf5::failure_reason());
  return Hdf5Group(std::move(group), file_, child_path(name));
}

Hdf5Dataset Hdf5Group::open_dataset(const std::string& name) const {
  if (!has(name)) fail("{}: dataset \"{}\" is missing", file_, child_path(name));
  LibraryLock lock;
  const std::string place = file_ + ":" + child_path(name);
  hdf5::refuse_user_links(id(), name, place);
  const hdf5::InsideFile inside(H5P_DATASET_ACCESS);
  Hdf5Handle dataset(H5Dopen2(id(), name.c_str(), inside.get()), closing(H5Dclose));
  inside.check(place);
  if (dataset.get() < 0) fail("{}: cannot open as a dataset: {}", place, hdf5::failure_reason());
  hdf5::refuse_foreign_storage(dataset.get(), place);
  Hdf5Dataset opened(std::move(dataset), file_, child_path(name));
  hdf5::check_stored(opened.id(), opened.shape(), place);
  return opened;
}

bool Hdf5Group::is_dataset(const std::string& name) const {
  if (!has(name)) return false;
  LibraryLock lock;
  const std::string place = file_ + ":" + child_path(name);
  hdf5::refuse_user_links(id(), name, place);
  const hdf5::InsideFile inside(H5P_LINK_ACCESS);
  const Hdf5Handle object(H5Oopen(id(), name.c_str(), inside.get()), closing(H5Oclose));
  inside.check(place);
  return object.get() >= 0 && H5Iget_type(object.get()) == H5I_DATASET;
}

// ---- Files ----

namespace {

// Object format of HDF5 1.8: compact, with checksums on metadata, readable since 2008. No file locks: a file never
// changes under its final name, and locking fails on some network file systems.
Hdf5Handle access_properties(const std::string& shown_path) {
  Hdf5Handle properties = checked(H5Pcreate(H5P_FILE_ACCESS), closing(H5Pclose), shown_path, "open");
  check(H5Pset_libver_bounds(properties.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), shown_path, "open");
  check(H5Pset_file_locking(properties.get(), false, true), shown_path, "open");
  // Closing a file fails, instead of being delayed, while objects of the file are open.
  check(H5Pset_fclose_degree(properties.get(), H5F_CLOSE_SEMI), shown_path, "open");
  return properties;
}

}  // namespace

Hdf5File::Hdf5File(Hdf5Handle handle, std::string path) : handle_(std::move(handle)), path_(std::move(path)) {}

Hdf5File Hdf5File::open(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) fail("{}: no such file", path);
  if (fs::is_directory(path, ignored)) fail("{}: is a folder, not an HDF5 file", path);
  if (access(path.c_str(), R_OK) != 0) fail("{}: cannot read: {}", path, std::strerror(errno));
  LibraryLock lock;
  if (H5Fis_hdf5(path.c_str()) <= 0) fail("{} is not an HDF5 file", path);
  const Hdf5Handle properties = access_properties(path);
  Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, properties.get()), closing(H5Fclose));
  if (file.get() < 0) fail("{}: damaged or cut short: {}", path, hdf5::failure_reason());
  return Hdf5File(std::move(file), path);
}

Hdf5File Hdf5File::create(const std::string& path, const std::string& shown_path) {
  LibraryLock lock;
  const Hdf5Handle properties = access_properties(shown_path);
  // By default HDF5 caches up to 32 MB of metadata. Variable-length texts count as metadata, so a long file would fill
  // it.
  H5AC_cache_config_t cache{};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  check(H5Pget_mdc_config(properties.get(), &cache), shown_path, "create the file");
  cache.initial_size = cache.min_size = cache.max_size = std::size_t{1} << 20;
  check(H5Pset_mdc_config(properties.get(), &cache), shown_path, "create the file");
  const Hdf5Handle creation = hdf5::untimed_properties(H5P_FILE_CREATE);
  Hdf5Handle file = checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), properties.get()), closing(H5Fclose),
                            shown_path, "create the file");
  return Hdf5File(std::move(file), shown_path);
}

Hdf5Group Hdf5File::root() const {
  LibraryLock lock;
  Hdf5Handle group = checked(H5Gopen2(handle_.get(), "/", H5P_DEFAULT), closing(H5Gclose), path_, "open");
  return Hdf5Group(std::move(group), path_, "/");
}

void Hdf5File::close() {
  if (handle_.get() < 0) return;
  LibraryLock lock;
  check(H5Fflush(handle_.get(), H5F_SCOPE_GLOBAL), path_, "write");
  if (!handle_.reset()) fail("{}: cannot write: {}", path_, hdf5::failure_reason());
}

}  // namespace flashrna
