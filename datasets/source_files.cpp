#include "datasets/source_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unordered_set>

#include "rna/error.h"
#include "rna/structure_reader.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<SourceFile> files_in_folder(const std::string& folder) {
  std::vector<SourceFile> files;
  const fs::path top = input_name(folder);
  try {
    for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
      if (is_hidden(entry->path())) {
        entry.disable_recursion_pending();
      } else if (entry->is_regular_file() && is_structure_file_name(entry->path().filename().string())) {
        const fs::path name = top / entry->path().lexically_relative(folder);
        files.push_back({entry->path().string(), name.generic_string()});
      }
    }
  } catch (const fs::filesystem_error& error) {
    fail("{}: cannot read the folder {}: {}", folder, error.path1().string(), error.code().message());
  }
  if (files.empty()) {
    fail(
        "{}: no structure file in this folder; expected names that end in .pdb, .ent, .cif or .mmcif, each also with "
        ".gz",
        folder);
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
  return files;
}

std::vector<SourceFile> files_of_input(const std::string& input) {
  std::error_code reason;
  const fs::file_status status = fs::status(input, reason);
  if (!fs::exists(status)) fail("{}: no such file or folder", input);
  if (fs::is_directory(status)) return files_in_folder(input);
  if (!fs::is_regular_file(status)) fail("{}: neither a file nor a folder", input);
  if (!is_structure_file_name(fs::path(input).filename().string())) {
    fail("{}: not the name of a structure file; expected .pdb, .ent, .cif or .mmcif, each also with .gz", input);
  }
  return {{input, input_name(input)}};
}

}  // namespace

std::string input_name(const std::string& input) {
  fs::path path = fs::path(input).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (path.filename() == "." || path.filename() == ".." || path.empty()) path = fs::weakly_canonical(input);
  return path.filename().string();
}

std::vector<SourceFile> find_source_files(const std::vector<std::string>& inputs) {
  std::vector<SourceFile> files;
  std::unordered_set<std::string> seen;
  for (const std::string& input : inputs) {
    for (SourceFile& file : files_of_input(input)) {
      std::error_code ignored;
      if (seen.insert(fs::weakly_canonical(file.path, ignored).string()).second) files.push_back(std::move(file));
    }
  }
  return files;
}

std::string read_source(const SourceFile& source) {
  std::ifstream stream(source.path, std::ios::binary | std::ios::ate);
  if (!stream) fail("{}: cannot open: {}", source.path, std::strerror(errno));
  std::string bytes(static_cast<std::size_t>(stream.tellg()), '\0');
  stream.seekg(0);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream || stream.gcount() != static_cast<std::streamsize>(bytes.size())) {
    fail("{}: cannot read: {}", source.path, std::strerror(errno));
  }
  return bytes;
}

}  // namespace flashrna
