#include "datasets/hdf5/text_heap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "datasets/hdf5/library.h"
#include "datasets/hdf5/trust.h"

namespace flashrna::hdf5 {

namespace {

// A conversion from variable-length text to opaque bytes that leaves the stored reference unchanged. HDF5 has no call
// that returns the reference.
herr_t keep_reference(hid_t, hid_t, H5T_cdata_t* state, std::size_t, std::size_t, std::size_t, void*, void*, hid_t) {
  if (state->command == H5T_CONV_INIT) state->need_bkg = H5T_BKG_NO;
  return 0;
}

std::uint64_t little_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t k = 0; k < count; ++k) value |= std::uint64_t{bytes[k]} << (8 * k);
  return value;
}

std::string name_of(hid_t file, const std::string& where) {
  const ssize_t length = H5Fget_name(file, nullptr, 0);
  if (length < 0) fail("{}: cannot read the file's name: {}", where, failure_reason());
  std::string name(static_cast<std::size_t>(length), '\0');
  H5Fget_name(file, name.data(), name.size() + 1);
  return name;
}

// The heaps of the file that holds an object.
class TextHeap {
 public:
  TextHeap(hid_t object, const std::string& where) : where_(where) {
    const Hdf5Handle owner = checked(H5Iget_file_id(object), closing(H5Fclose), where, "open");
    unsigned intent = 0;
    check(H5Fget_intent(owner.get(), &intent), where, "open");
    if ((intent & H5F_ACC_RDWR) != 0) check(H5Fflush(owner.get(), H5F_SCOPE_LOCAL), where, "flush");
    const Hdf5Handle creation = checked(H5Fget_create_plist(owner.get()), closing(H5Pclose), where, "open");
    check(H5Pget_sizes(creation.get(), &address_bytes_, &size_bytes_), where, "open");
    check(H5Pget_userblock(creation.get(), &base_), where, "open");
    file_bytes_ = file_bytes(object, where);
    stream_.open(name_of(owner.get(), where), std::ios::binary);
    if (!stream_) fail("{}: cannot open its file again", where);
  }

  std::size_t reference_bytes() const { return 8 + address_bytes_; }  // length, address, number

  // A type that reads references as they are stored.
  Hdf5Handle reference_type() const {
    Hdf5Handle type = checked(H5Tcreate(H5T_OPAQUE, reference_bytes()), closing(H5Tclose), where_, "open");
    static const bool registered = [&] {
      const Hdf5Handle text = text_type(0);
      return H5Tregister(H5T_PERS_SOFT, "text reference", text.get(), type.get(), keep_reference) >= 0;
    }();
    if (!registered) fail("{}: cannot read the references of its texts", where_);
    return type;
  }

  std::vector<std::string> texts(const std::vector<std::uint8_t>& references) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < references.size(); at += reference_bytes()) sum += length_at(references, at);
    // Many references may lead to the same text; then a small file would fill the memory.
    if (sum > file_bytes_) fail("{}: damaged: a text of {} bytes cannot be in a file of {}", where_, sum, file_bytes_);
    std::vector<std::string> texts;
    for (std::size_t at = 0; at < references.size(); at += reference_bytes()) {
      const std::uint64_t length = length_at(references, at);
      const std::uint64_t address = little_endian(&references[at + 4], address_bytes_);
      texts.push_back(length == 0 ? "" : text(length, address, little_endian(&references[at + 4 + address_bytes_], 4)));
    }
    return texts;
  }

 private:
  static std::uint64_t length_at(const std::vector<std::uint8_t>& references, std::size_t at) {
    return little_endian(&references[at], 4);
  }

  std::string text(std::uint64_t length, std::uint64_t address, std::uint64_t number) {
    if (address != collection_address_) read_collection(address);
    const auto found = objects_.find(number);
    if (found == objects_.end() || found->second.size() < length) {
      fail("{}: damaged: a text of {} bytes is not where the file says it is", where_, length);
    }
    const std::string_view bytes = found->second.substr(0, length);
    return std::string(bytes.substr(0, bytes.find('\0')));
  }

  // Reads a collection: "GCOL", version, 3 bytes, its size; then objects: number (2 bytes), reference count (2), 4
  // bytes, size, the object itself padded to a multiple of 8. Number 0 is the free space at its end.
  void read_collection(std::uint64_t address) {
    const std::size_t header = 8 + size_bytes_;
    const std::string start = read(address, header);
    if (!start.starts_with("GCOL")) fail("{}: damaged: there is no heap of texts at byte {}", where_, address);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(start.data());
    collection_ = read(address, little_endian(bytes + 8, size_bytes_));
    collection_address_ = address;
    objects_.clear();
    bytes = reinterpret_cast<const std::uint8_t*>(collection_.data());
    for (std::uint64_t at = header; at + header <= collection_.size();) {
      const std::uint64_t number = little_endian(bytes + at, 2);
      const std::uint64_t size = little_endian(bytes + at + 8, size_bytes_);
      at += header;
      if (number == 0) break;
      if (size > collection_.size() - at) fail("{}: damaged: a text ends behind its heap", where_);
      objects_.emplace(number, std::string_view(collection_).substr(at, size));
      at += (size + 7) / 8 * 8;
    }
  }

  std::string read(std::uint64_t address, std::uint64_t count) {
    if (address > file_bytes_ || count > file_bytes_ - address) {
      fail("{}: damaged: a heap of texts at byte {} ends behind the file", where_, address);
    }
    std::string bytes(count, '\0');
    stream_.seekg(static_cast<std::streamoff>(base_ + address));
    stream_.read(bytes.data(), static_cast<std::streamsize>(count));
    if (!stream_) fail("{}: cannot read the {} bytes at {}", where_, count, address);
    return bytes;
  }

  std::string where_;
  std::ifstream stream_;
  std::size_t address_bytes_ = 0, size_bytes_ = 0;
  hsize_t base_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t collection_address_ = UINT64_MAX;
  std::string collection_;                                       // the last one read
  std::unordered_map<std::uint64_t, std::string_view> objects_;  // by number, in collection_
};

}  // namespace

std::vector<std::string> read_variable_texts(hid_t dataset, std::size_t count, hid_t memory, hid_t selection,
                                             const std::string& where) {
  TextHeap heap(dataset, where);
  const Hdf5Handle type = heap.reference_type();
  std::vector<std::uint8_t> references(count * heap.reference_bytes());
  check(H5Dread(dataset, type.get(), memory, selection, H5P_DEFAULT, references.data()), where, "read");
  return heap.texts(references);
}

std::string read_variable_text(hid_t attribute, const std::string& where) {
  TextHeap heap(attribute, where);
  const Hdf5Handle type = heap.reference_type();
  std::vector<std::uint8_t> reference(heap.reference_bytes());
  check(H5Aread(attribute, type.get(), reference.data()), where, "read");
  return heap.texts(reference).front();
}

}  // namespace flashrna::hdf5
