// The structure files that a conversion reads, in the order in which it stores them.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

// One file to convert. A member of an archive would be one more kind of source: only this file, find_source_files and
// read_source know where bytes come from.
struct SourceFile {
  std::string path;  // to open it
  std::string name;  // from the given input's own name on, with '/': "pdbs/1ehz.cif.gz". Stored in the
                     // dataset, so that its bytes do not depend on where the input lies.
};

// Expands files and folders: inputs in the given order, a folder's files (recursively, no hidden ones, links to folders
// not followed) sorted by name. A file reached twice is taken once.
// Throws Error for a missing path, a file whose name is not a structure's, and a folder without a structure file.
std::vector<SourceFile> find_source_files(const std::vector<std::string>& inputs);

// The input's own name whatever folder it lies in: "pdbs" for "data/pdbs/", the current folder's for ".".
std::string input_name(const std::string& input);

// The file's bytes as they are on disk. Throws Error naming the path.
std::string read_source(const SourceFile& source);

}  // namespace flashrna
