// The structure files that a conversion reads, one after the other, in the order in which it stores them: plain files,
// folders of them, archives as they were downloaded, and lists of any of these.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "datasets/archive_reader.h"

namespace flashrna {

// One structure to convert. Its bytes are here if it comes from an archive, else read_source fetches them.
struct SourceFile {
  std::string name;   // from the given input's own name on, with '/': "pdbs/1ehz.cif.gz", "rna.zip/1ehz.cif". Stored in
                      // the dataset, so that its bytes do not depend on where the input lies.
  std::string path;   // to open; empty for a member of an archive
  std::string bytes;  // of a member
  std::string error;  // why there is nothing to read: a damaged member, a dangling link, or the lost rest of an archive
  bool is_named = false;  // the input itself, not found in a folder or an archive
};

class SourceFiles {
 public:
  // `inputs` in their order: files, folders (recursively, sorted by name, no hidden files), archives (in their own
  // order, hidden members left out), and "-" for one such path per line of `list`. Links are followed; a file or folder
  // reached twice is taken once. A link to nothing has an error if its name is a structure's, else it counts as
  // skipped, as links in archives do. No file may unpack to more than max_bytes. Throws Error for a missing path, a
  // file whose name is neither a structure's nor an archive's, a folder without either, and "-" given twice.
  SourceFiles(const std::vector<std::string>& inputs, std::uint64_t max_bytes, std::istream& list);
  SourceFiles(const std::vector<std::string>& inputs, std::uint64_t max_bytes);  // the list is standard input

  // Throws Error if `output` is one of the inputs, which writing it would destroy.
  void check_output(const std::string& output) const;

  // The next one, nothing at the end.
  std::optional<SourceFile> next();

  // Progress in bytes of the inputs as they lie on disk.
  std::uint64_t bytes_done() const;
  std::uint64_t bytes() const { return bytes_; }

  // Files in folders and archives that were left out because their names are not those of structures, so far.
  std::size_t skipped() const { return skipped_; }
  const std::string& first_skipped() const { return first_skipped_; }

 private:
  struct Input {
    std::string path;
    std::string name;
    std::uint64_t bytes;
    bool is_archive;
    bool is_named;
    std::string error;  // a link to nothing
  };
  void add_input(const std::string& input);
  void add_folder(const std::string& folder);
  using FolderFiles = std::vector<std::pair<std::string, std::string>>;  // name, path
  void list_folder(const std::string& folder, const std::string& name, FolderFiles& files);
  void add_file(const std::string& path, const std::string& name, bool is_named);
  void skip(const std::string& name);
  std::optional<SourceFile> next_member();

  std::uint64_t max_bytes_;
  std::deque<Input> inputs_;  // still to come; the open archive is the first
  // Device and inode of every file and every folder, while they are listed.
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_, seen_folders_;
  std::optional<ArchiveReader> archive_;
  bool archive_has_structures_ = false;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_done_ = 0;  // of the inputs that are no longer in inputs_
  std::size_t skipped_ = 0;
  std::string first_skipped_;
};

// The input's own name whatever folder it lies in: "pdbs" for "data/pdbs/", the current folder's for ".".
std::string input_name(const std::string& input);

// The file's bytes as they are on disk or in the archive. Throws Error naming the file: source.error, cannot be opened,
// or larger than max_bytes.
std::string read_source(SourceFile&& source, std::uint64_t max_bytes);

}  // namespace flashrna
