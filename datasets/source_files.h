// Enumerates the structure files of a conversion in the order in which they are stored: plain files, folders, archives
// as downloaded, and lists of any of these.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/shard.h"
#include "datasets/archive_reader.h"

namespace flashrna {

// One structure to convert. Holds the bytes if it is from an archive; otherwise read_source reads them.
struct SourceFile {
  // Starts with the name of the input, with '/' as separator: "pdbs/1ehz.cif.gz", "rna.zip/1ehz.cif". Stored in the
  // dataset, whose bytes therefore do not depend on the location of the input.
  std::string name;
  std::string path;       // path to open; empty for a member of an archive
  std::string bytes;      // content of an archive member
  std::string error;      // reason for missing content: damaged member, dangling link, lost remainder of an archive
  bool is_named = false;  // given as an input itself, not found in a folder or an archive
};

class SourceFiles {
 public:
  // Enumerates `inputs` in order: files, folders (recursively, sorted by name, without hidden files), archives (in
  // archive order, without hidden members), and "-" for one such path per line of `list`. Links are followed; a file or
  // folder reached twice is used once, as one that is named if it is ever. A link that leads nowhere has an error if
  // its name has the extension of a structure file or none; otherwise it counts as skipped, as do links in archives. No
  // file may uncompress to more than max_bytes. Throws Error for a missing path, a file whose name has neither a
  // structure nor an archive extension, a folder without either, and "-" given twice.
  SourceFiles(const std::vector<std::string>& inputs, std::uint64_t max_bytes, std::istream& list);
  SourceFiles(const std::vector<std::string>& inputs, std::uint64_t max_bytes);  // reads the list from standard input

  // Keeps the inputs of one shard: successive ones, with about an equal part of all bytes. An archive is one input.
  void keep(const Shard& shard);

  // Throws Error if `output` is one of the inputs, which would be overwritten.
  void check_output(const std::string& output) const;

  // The next structure; empty at the end.
  std::optional<SourceFile> next();

  // Progress in bytes of the inputs, compressed as on disk.
  std::uint64_t bytes_done() const;
  std::uint64_t bytes() const { return bytes_; }

  // Number of files in folders and archives skipped so far because of their names.
  std::size_t skipped() const { return skipped_; }
  const std::string& first_skipped() const { return first_skipped_; }

 private:
  struct Input {
    std::string path;
    std::string name;
    std::uint64_t bytes;
    bool is_archive;
    bool is_named;
    std::string error;  // for a dangling link
  };
  void add_input(const std::string& input);
  void add_folder(const std::string& folder);
  using FolderFiles = std::vector<std::pair<std::string, std::string>>;  // name, path
  void list_folder(const std::string& folder, const std::string& name, FolderFiles& files);
  void add_file(const std::string& path, const std::string& name, bool is_named);
  void skip(const std::string& name);
  std::optional<SourceFile> next_member();

  std::uint64_t max_bytes_;
  std::deque<Input> inputs_;                               // remaining inputs; the first one may be an open archive
  using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device and inode
  std::map<FileId, std::size_t> seen_;                     // files listed so far: places in inputs_
  std::set<FileId> seen_folders_;
  std::optional<ArchiveReader> archive_;
  bool archive_has_structures_ = false;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_done_ = 0;  // of the inputs already removed from inputs_
  std::size_t skipped_ = 0;
  std::string first_skipped_;
};

// The name of an input, independent of its location: "pdbs" for "data/pdbs/", the name of the current folder for ".".
std::string input_name(const std::string& input);

// The bytes of the file as stored on disk or in the archive. Throws Error naming the file for a non-empty source.error,
// a file that cannot be opened, and one larger than max_bytes.
std::string read_source(SourceFile&& source, std::uint64_t max_bytes);

}  // namespace flashrna
