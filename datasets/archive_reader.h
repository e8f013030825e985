// Streams the files of an archive one after the other through libarchive, without unpacking to disk. Formats: .zip,
// .tar, and .tar compressed with gzip, bzip2, xz or Zstandard.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace flashrna {

// Whether the file name has the extension of an archive (".zip", ".tar", ".tar.gz", ".tgz", ...), in upper or lower
// case.
bool is_archive_file_name(std::string_view name);

// One file inside an archive.
struct ArchiveMember {
  std::string name;      // its path in the archive, as stored
  std::string bytes;     // empty if it was not wanted or could not be read
  std::string error;     // why it could not be read; the members after it may still be there
  bool is_link = false;  // to another member or elsewhere: nothing is read
};

class ArchiveReader {
 public:
  // Throws Error naming the path if the file cannot be opened or is not an archive.
  ArchiveReader(const std::string& path, std::uint64_t max_bytes);
  ~ArchiveReader();
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;

  // The next regular file or link in the archive's order, nothing at its end. Only members for which wanted(name) holds
  // are unpacked. One that unpacks to more than max_bytes, or is encrypted or damaged, has an error. Throws Error if
  // the archive is damaged so that what follows cannot be found.
  std::optional<ArchiveMember> next(const std::function<bool(const std::string&)>& wanted);

  // Bytes of the archive file read so far.
  std::uint64_t position() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flashrna
