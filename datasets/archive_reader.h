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
  std::string error;     // why it could not be read; later members may still be readable
  bool is_link = false;  // a link to another member or file, whose content is not read
};

class ArchiveReader {
 public:
  // Throws Error naming the path if the file cannot be opened or is not an archive.
  ArchiveReader(const std::string& path, std::uint64_t max_bytes);
  ~ArchiveReader();
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;

  // The next regular file or link in archive order; empty at the end. Uncompresses only members for which wanted(name)
  // is true. A member that uncompresses to more than max_bytes, or is encrypted or damaged, has an error. Throws Error
  // if damage to the archive makes later members inaccessible.
  std::optional<ArchiveMember> next(const std::function<bool(const std::string&)>& wanted);

  // Bytes of the archive file read so far.
  std::uint64_t position() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flashrna
