#include "tests/support/golden_file.h"

#include <hdf5.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace flashrna {
namespace {

// Owns an HDF5 identifier.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

[[noreturn]] void fail_at(const std::string& file, const std::string& object, const std::string& what) {
  throw std::runtime_error(file + ": " + object + ": " + what);
}

hid_t checked(hid_t id, const std::string& file, const std::string& object, const std::string& what) {
  if (id < 0) fail_at(file, object, what);
  return id;
}

hid_t open_dataset(hid_t file_id, const std::string& file, const std::string& path) {
  return checked(H5Dopen2(file_id, path.c_str(), H5P_DEFAULT), file, path, "no such dataset");
}

// Reads the strings that `read` puts into a buffer of the given type and count, of fixed or variable length.
template <typename Read>
std::vector<std::string> read_text(hid_t type, hid_t space, Read read) {
  const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
  std::vector<std::string> strings;
  strings.reserve(count);
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(count, nullptr);
    read(pointers.data());
    for (const char* pointer : pointers) strings.emplace_back(pointer == nullptr ? "" : pointer);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
    return strings;
  }
  const std::size_t width = H5Tget_size(type);
  std::vector<char> bytes(count * width);
  read(bytes.data());
  for (std::size_t i = 0; i < count; ++i) {
    std::string text(bytes.data() + i * width, width);
    text.erase(text.find_last_not_of(std::string(" \0", 2)) + 1);
    strings.push_back(std::move(text));
  }
  return strings;
}

}  // namespace

std::string golden_path(const std::string& file) {
  const char* other = std::getenv("FLASHRNA_GOLDEN_DIR");
  const std::filesystem::path folder =
      other != nullptr && *other != '\0' ? other : std::string(FLASHRNA_TEST_DATA) + "/golden";
  const std::string path = (folder / file).string();
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error(path + ": golden file not found; it is committed: git checkout -- tests/data/golden");
  }
  return path;
}

GoldenFile::GoldenFile(const std::string& path) : path_(path) {
  file_ = checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), path, "/", "cannot open as HDF5");
}

GoldenFile::~GoldenFile() { H5Fclose(file_); }

bool GoldenFile::has(const std::string& path) const {
  // H5Lexists requires that every group of the path exists.
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (prefix != "/" && !prefix.empty() && H5Lexists(file_, prefix.c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return true;
  }
}

std::vector<std::string> GoldenFile::children(const std::string& group) const {
  const Handle id(checked(H5Gopen2(file_, group.c_str(), H5P_DEFAULT), path_, group, "no such group"), H5Gclose);
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  if (H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names) < 0) fail_at(path_, group, "cannot list");
  return names;
}

std::vector<std::int64_t> GoldenFile::shape(const std::string& path) const {
  const Handle dataset(open_dataset(file_, path_, path), H5Dclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::vector<hsize_t> extent(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, extent.data(), nullptr);
  return {extent.begin(), extent.end()};
}

std::vector<double> GoldenFile::read(const std::string& path) const {
  const Handle dataset(open_dataset(file_, path_, path), H5Dclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail_at(path_, path, "cannot read as numbers");
  }
  return values;
}

std::vector<std::string> GoldenFile::read_strings(const std::string& path) const {
  const Handle dataset(open_dataset(file_, path_, path), H5Dclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (H5Tget_class(type) != H5T_STRING) fail_at(path_, path, "is not a dataset of strings");
  return read_text(type, space, [&](void* buffer) {
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer) < 0) fail_at(path_, path, "cannot read");
  });
}

bool GoldenFile::stored_as_float32(const std::string& path) const {
  const Handle dataset(open_dataset(file_, path_, path), H5Dclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  return H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 4;
}

double GoldenFile::attribute(const std::string& object_path, const std::string& name) const {
  const std::string full_name = object_path + "@" + name;
  const Handle attribute(checked(H5Aopen_by_name(file_, object_path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                                 path_, full_name, "no such attribute"),
                         H5Aclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  double value = 0;
  if (H5Sget_simple_extent_npoints(space) != 1 || H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0) {
    fail_at(path_, full_name, "is not one number");
  }
  return value;
}

std::string GoldenFile::text_attribute(const std::string& object_path, const std::string& name) const {
  const std::string full_name = object_path + "@" + name;
  const Handle attribute(checked(H5Aopen_by_name(file_, object_path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                                 path_, full_name, "no such attribute"),
                         H5Aclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const Handle type(H5Aget_type(attribute), H5Tclose);
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
    fail_at(path_, full_name, "is not one string");
  }
  return read_text(type, space,
                   [&](void* buffer) {
                     if (H5Aread(attribute, type, buffer) < 0) fail_at(path_, full_name, "cannot read");
                   })
      .front();
}

}  // namespace flashrna
