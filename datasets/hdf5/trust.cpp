#include "datasets/hdf5/trust.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "base/error.h"
#include "datasets/hdf5/library.h"

namespace flashrna::hdf5 {

namespace {

// HDF5 always unpacks whole chunks. Chunks of our files have at most 300 kB.
constexpr std::uint64_t kLargestChunk = std::uint64_t{64} << 20;
constexpr double kLargestDeflateRatio = 1032.0;

bool is_built_in(H5Z_filter_t filter) {
  switch (filter) {
    case H5Z_FILTER_DEFLATE:
    case H5Z_FILTER_SHUFFLE:
    case H5Z_FILTER_FLETCHER32:
    case H5Z_FILTER_SZIP:
    case H5Z_FILTER_NBIT:
    case H5Z_FILTER_SCALEOFFSET:
      return true;
    default:
      return false;
  }
}

void refuse_foreign_filters(hid_t creation, const std::string& where) {
  const int count = H5Pget_nfilters(creation);
  check(count, where, "read the filters");
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    std::array<char, 128> name{};
    unsigned flags = 0, configuration = 0;
    std::size_t n_values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, i, &flags, &n_values, nullptr, name.size() - 1, name.data(), &configuration);
    check(filter, where, "read the filters");
    if (is_built_in(filter)) continue;
    fail(
        "{}: it is packed with the filter \"{}\" (number {}), which is not one of HDF5's own; flashrna loads no "
        "plug-ins: repack it with h5repack --filter=GZIP=4",
        where, name.data(), filter);
  }
}

void refuse_large_chunks(hid_t dataset, hid_t creation, const std::string& where) {
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  const int rank = H5Pget_chunk(creation, H5S_MAX_RANK, chunk.data());
  check(rank, where, "read the chunks");
  const Hdf5Handle type = checked(H5Dget_type(dataset), closing(H5Tclose), where, "read the type");
  double bytes = static_cast<double>(H5Tget_size(type.get()));
  for (int d = 0; d < rank; ++d) bytes *= static_cast<double>(chunk[d]);
  if (bytes > static_cast<double>(kLargestChunk)) {
    fail("{}: damaged: one of its chunks has [{}] values, more than {} MiB", where,
         fmt::join(chunk.begin(), chunk.begin() + rank, ", "), kLargestChunk >> 20);
  }
}

}  // namespace

InsideFile::InsideFile(hid_t property_class)
    : properties_(checked(H5Pcreate(property_class), closing(H5Pclose), "HDF5", "make a property list")) {
  hdf5::check(H5Pset_elink_cb(properties_.get(), refuse, this), "HDF5", "make a property list");
}

herr_t InsideFile::refuse(const char*, const char*, const char* file, const char* object, unsigned*, hid_t,
                          void* self) {
  static_cast<InsideFile*>(self)->external_ = fmt::format("{} in {}", object, file);
  return -1;
}

void InsideFile::check(const std::string& where) const {
  if (external_.empty()) return;
  fail(
      "{} leads out of the file, by an external link to {}; flashrna reads only what the file itself holds: copy it "
      "in, for example with h5copy",
      where, external_);
}

void refuse_user_links(hid_t group, const std::string& name, const std::string& where) {
  const InsideFile inside(H5P_LINK_ACCESS);
  for (std::size_t slash = name.find('/');; slash = name.find('/', slash + 1)) {
    H5L_info_t info;
    const herr_t status = H5Lget_info(group, name.substr(0, slash).c_str(), &info, inside.get());
    inside.check(where);
    hdf5::check(status, where, "follow the link");
    if (info.type >= H5L_TYPE_UD_MIN && info.type != H5L_TYPE_EXTERNAL) {
      fail("{} is, or leads through, a user-defined link (type {}); flashrna reads only what the file itself holds",
           where, static_cast<int>(info.type));
    }
    if (slash == std::string::npos) return;
  }
}

void refuse_foreign_storage(hid_t dataset, const std::string& where) {
  const Hdf5Handle creation = checked(H5Dget_create_plist(dataset), closing(H5Pclose), where, "read how it is stored");
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  check(layout, where, "read how it is stored");
  if (layout == H5D_VIRTUAL) {
    fail(
        "{} is a virtual dataset, whose values lie in other files; flashrna reads only what the file itself holds: "
        "h5repack --layout=CHUNK copies them in",
        where);
  }
  const int n_external = H5Pget_external_count(creation.get());
  check(n_external, where, "read how it is stored");
  if (n_external > 0) {
    fail(
        "{}: its values lie in {} other files (external storage); flashrna reads only what the file itself holds: "
        "h5repack --layout=CONTI copies them in",
        where, n_external);
  }
  refuse_foreign_filters(creation.get(), where);
  if (layout == H5D_CHUNKED) refuse_large_chunks(dataset, creation.get(), where);
  const Hdf5Handle space = checked(H5Dget_space(dataset), closing(H5Sclose), where, "read the shape");
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) fail("{}: damaged: it has no values and no shape", where);
}

std::uint64_t file_bytes(hid_t object, const std::string& where) {
  const Hdf5Handle owner = checked(H5Iget_file_id(object), closing(H5Fclose), where, "read the file's size");
  hsize_t bytes = 0;
  check(H5Fget_filesize(owner.get(), &bytes), where, "read the file's size");
  return bytes;
}

void check_stored(hid_t dataset, const Hdf5Shape& shape, const std::string& where) {
  const Hdf5Handle type = checked(H5Dget_type(dataset), closing(H5Tclose), where, "read the type");
  // Floating point, because the product of extents from a file may overflow any integer.
  double bytes = static_cast<double>(H5Tget_size(type.get()));
  for (const std::uint64_t extent : shape) bytes *= static_cast<double>(extent);
  if (bytes == 0) return;
  // Several chunks may claim the same bytes of the file, but the sum of their claims cannot exceed it.
  const std::uint64_t whole = file_bytes(dataset, where);
  const std::uint64_t stored = H5Dget_storage_size(dataset);
  if (stored > whole || bytes > kLargestDeflateRatio * static_cast<double>(stored)) {
    fail("{}: damaged: shape [{}] cannot be in the {} bytes that it has in a file of {} bytes", where,
         fmt::join(shape, ", "), stored, whole);
  }
}

}  // namespace flashrna::hdf5
