#include "datasets/source_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "base/error.h"
#include "base/gzip.h"
#include "base/utf8.h"
#include "rna/io/structure_reader.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

constexpr const char* kExpectedNames =
    "expected .pdb (.pdb1), .ent, .cif, .mmcif or .bcif, each also with .gz, or an archive (.zip, .tar, .tar.gz, "
    ".tar.xz, "
    ".tar.zst)";

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

// A dangling link without extension: it may have led to a folder of structures.
bool may_be_lost_folder(const std::string& path) {
  std::error_code ignored;
  return !fs::path(path).has_extension() && fs::is_symlink(path, ignored) && !fs::exists(path, ignored);
}

bool is_structure(const std::string& member) { return !is_hidden(member) && is_structure_file_name(file_name(member)); }

}  // namespace

SourceFiles::SourceFiles(const std::vector<std::string>& inputs, std::uint64_t max_bytes)
    : SourceFiles(inputs, max_bytes, std::cin) {}

SourceFiles::SourceFiles(const std::vector<std::string>& inputs, std::uint64_t max_bytes, std::istream& list)
    : max_bytes_(max_bytes) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1) fail_usage("\"-\" (standard input) is given twice");
  for (const std::string& input : inputs) {
    if (input != "-") {
      add_input(input);
      continue;
    }
    std::string text{std::istreambuf_iterator<char>(list), {}};
    drop_byte_order_marks(text, "the list on standard input");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) add_input(line);
    }
  }
  seen_.clear();
  seen_folders_.clear();
  if (inputs_.empty()) fail("the list on standard input names no file; expected one path per line");
}

void SourceFiles::add_input(const std::string& input) {
  std::error_code reason;
  const fs::file_status status = fs::status(input, reason);
  if (!fs::exists(status)) fail("{}: no such file or folder", input);
  if (fs::is_directory(status)) return add_folder(input);
  if (!fs::is_regular_file(status)) fail("{}: neither a file nor a folder", input);
  const std::string name = file_name(input);
  if (!is_structure_file_name(name) && !is_archive_file_name(name)) {
    fail("{}: not the name of a structure file; {}", input, kExpectedNames);
  }
  add_file(input, input_name(input), true);
}

void SourceFiles::add_folder(const std::string& folder) {
  FolderFiles files;
  try {
    list_folder(folder, input_name(folder), files);
  } catch (const fs::filesystem_error& error) {
    fail("{}: cannot read the folder {}: {}", folder, error.path1().string(), error.code().message());
  }
  std::sort(files.begin(), files.end());
  bool any = false;
  for (const auto& [name, path] : files) {
    if (is_structure_file_name(file_name(path)) || is_archive_file_name(file_name(path)) || may_be_lost_folder(path)) {
      add_file(path, name, false);
      any = true;
    } else {
      skip(name);
    }
  }
  if (!any) fail("{}: no structure file in this folder; {}", folder, kExpectedNames);
}

// Tracks links to folders, so that each folder is listed once and cyclic links terminate.
void SourceFiles::list_folder(const std::string& folder, const std::string& name, FolderFiles& files) {
  struct stat status {};
  if (stat(folder.c_str(), &status) == 0 && !seen_folders_.emplace(status.st_dev, status.st_ino).second) return;
  std::vector<fs::directory_entry> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!is_hidden(entry.path())) entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end());
  // Lists folders before links, which may point to the same folders.
  for (const bool links : {false, true}) {
    for (const fs::directory_entry& entry : entries) {
      if (entry.is_symlink() != links) continue;
      const std::string path = entry.path().string(), entry_name = name + "/" + file_name(path);
      std::error_code unreachable;  // a link to itself, or into a folder without permission
      const fs::file_status kind = entry.status(unreachable);
      if (fs::is_directory(kind)) {
        list_folder(path, entry_name, files);
      } else if (fs::is_regular_file(kind) || (links && !fs::exists(kind))) {
        files.emplace_back(entry_name, path);
      }
    }
  }
}

void SourceFiles::add_file(const std::string& path, const std::string& name, bool is_named) {
  struct stat status {};
  std::error_code ignored;
  if (stat(path.c_str(), &status) != 0) {
    const int reason = errno;
    if (!fs::is_symlink(path, ignored)) fail("{}: cannot be examined: {}", path, std::strerror(reason));
    std::string error = fmt::format("{}: is a link to {}, which cannot be read: {}", name,
                                    fs::read_symlink(path, ignored).string(), std::strerror(reason));
    inputs_.push_back({path, name, 0, false, is_named, std::move(error)});
    return;
  }
  const auto [seen, is_new] = seen_.try_emplace({status.st_dev, status.st_ino}, inputs_.size());
  if (!is_new) {
    inputs_[seen->second].is_named |= is_named;
    return;
  }
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  inputs_.push_back({path, name, bytes, is_archive_file_name(file_name(path)), is_named, {}});
  bytes_ += bytes;
}

void SourceFiles::skip(const std::string& name) {
  if (skipped_++ == 0) first_skipped_ = name;
}

void SourceFiles::keep(const Shard& shard) {
  if (shard.whole()) return;
  const double all = std::max(1.0, static_cast<double>(bytes_));
  double before = 0.0;
  std::deque<Input> kept;
  bytes_ = 0;
  for (Input& input : inputs_) {
    const double middle = before + 0.5 * static_cast<double>(input.bytes);
    before += static_cast<double>(input.bytes);
    if (std::min(shard.count - 1, static_cast<int>(middle / all * shard.count)) != shard.number - 1) continue;
    bytes_ += input.bytes;
    kept.push_back(std::move(input));
  }
  inputs_ = std::move(kept);
}

void SourceFiles::check_output(const std::string& output) const {
  std::error_code ignored;
  if (!fs::exists(output, ignored)) return;
  for (const Input& input : inputs_) {
    if (fs::equivalent(input.path, output, ignored)) fail("{}: is an input; choose another output", output);
  }
}

std::optional<SourceFile> SourceFiles::next() {
  while (!inputs_.empty()) {
    if (inputs_.front().is_archive) {
      if (std::optional<SourceFile> member = next_member()) return member;
    } else {
      Input input = std::move(inputs_.front());
      inputs_.pop_front();
      bytes_done_ += input.bytes;
      return SourceFile{std::move(input.name), std::move(input.path), {}, std::move(input.error), input.is_named};
    }
  }
  return std::nullopt;
}

// The next structure of the first archive in `inputs_`. At the end of the archive, removes it and returns nothing.
std::optional<SourceFile> SourceFiles::next_member() {
  const Input& input = inputs_.front();
  SourceFile source;
  try {
    if (!archive_) {
      archive_.emplace(input.path, max_bytes_);
      archive_has_structures_ = false;
    }
    while (std::optional<ArchiveMember> member = archive_->next(is_structure)) {
      // tar writes "./a.pdb" when given a folder
      const std::string name = input.name + "/" + fs::path(member->name).lexically_normal().generic_string();
      if (is_structure(member->name) && !member->is_link) {
        archive_has_structures_ = true;
        if (!member->error.empty()) member->error = name + ": " + member->error;
        return SourceFile{name, {}, std::move(member->bytes), std::move(member->error), false};
      }
      if (!is_hidden(member->name)) skip(name);
    }
    if (!archive_has_structures_) source.error = fmt::format("{}: no structure file in this archive", input.name);
  } catch (const Error& error) {
    // Uses the stored name, not the opened path, like everything stored in the dataset.
    const std::string_view message = error.what();
    const bool has_path = message.starts_with(input.path);
    source.error = has_path ? input.name + std::string(message.substr(input.path.size())) : std::string(message);
  }
  source.name = input.name;
  archive_.reset();
  bytes_done_ += input.bytes;
  inputs_.pop_front();
  if (source.error.empty()) return std::nullopt;
  return source;
}

std::uint64_t SourceFiles::bytes_done() const {
  if (!archive_) return bytes_done_;
  return bytes_done_ + std::min(archive_->position(), inputs_.front().bytes);
}

std::string input_name(const std::string& input) {
  fs::path path = fs::path(input).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (path.filename() == "." || path.filename() == ".." || path.empty()) path = fs::weakly_canonical(input);
  return path.filename().string();
}

std::string read_source(SourceFile&& source, std::uint64_t max_bytes) {
  if (!source.error.empty()) throw Error(source.error);
  if (source.path.empty()) return std::move(source.bytes);
  std::ifstream stream(source.path, std::ios::binary | std::ios::ate);
  if (!stream) fail("{}: cannot open: {}", source.name, std::strerror(errno));
  const auto size = static_cast<std::uint64_t>(stream.tellg());
  if (size > max_bytes) fail_too_large(source.name, "has", max_bytes);
  std::string bytes(size, '\0');
  stream.seekg(0);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream || stream.gcount() != static_cast<std::streamsize>(bytes.size())) {
    fail("{}: cannot read: {}", source.name, std::strerror(errno));
  }
  return bytes;
}

}  // namespace flashrna
