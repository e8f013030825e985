#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/temporary_name.h"
#include "datasets/hdf5/file.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

constexpr std::string_view kEnding = ".partial";

// The target of a symbolic link, so that the target is replaced, not the link.
std::string target_of(const std::string& path) {
  std::error_code reason;
  if (!fs::is_symlink(path, reason)) return path;
  const fs::path target = fs::weakly_canonical(path, reason);
  return reason ? path : target.string();
}

// Removes temporary files that killed runs left beside `path`. A live run, on this machine or another, holds a lock on
// its file. Removes nothing where locks do not work.
void remove_abandoned(const std::string& path) {
  const std::string beginning = fs::path(temporary_name_beside(path, ".")).filename().string();
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(path), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(beginning) || !name.ends_with(kEnding)) continue;
    const int descriptor = ::open(entry.path().c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) unlink(entry.path().c_str());
    ::close(descriptor);
  }
}

std::string temporary_name(const std::string& path, bool overwrite) {
  check_output_path(path, overwrite);
  remove_abandoned(path);
  return temporary_name_beside(path, fmt::format(".{}{}", getpid(), kEnding));
}

// Creates the file and locks it until the descriptor is closed.
int make_locked(const std::string& temporary_path, const std::string& shown_path) {
  const int descriptor = ::open(temporary_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail("{}: cannot create the file: {}", shown_path, std::strerror(errno));
  flock(descriptor, LOCK_EX | LOCK_NB);  // if this fails, later runs cannot recognize the file as abandoned
  return descriptor;
}

void sync(const std::string& path, const std::string& shown_path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  if (descriptor < 0) fail("{}: cannot open to sync: {}", shown_path, std::strerror(errno));
  const int status = fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // Some file systems cannot synchronize a folder and return EINVAL.
  if (status != 0 && reason != EINVAL) fail("{}: cannot sync to the disk: {}", shown_path, std::strerror(reason));
}

}  // namespace

void check_output_path(const std::string& path, bool overwrite) {
  std::error_code ignored;
  if (path.empty()) fail("the output path is empty; name a file");
  if (path == "-") fail("a dataset cannot go to standard output; name a file");
  if (fs::is_directory(path, ignored)) fail("{}: is a folder; name a file in it", path);
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    fail("{}: is a device or a pipe, not a file; name a file", path);
  }
  if (fs::exists(path, ignored) && !overwrite) {
    fail("{}: exists already; pass --overwrite to replace it, or choose another name", path);
  }
  const fs::path folder = folder_of(path);
  if (!fs::is_directory(folder, ignored))
    fail("{}: its folder {} does not exist; make it first", path, folder.string());
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    fail("{}: its folder {} cannot be written: {}", path, folder.string(), std::strerror(errno));
  }
}

Hdf5OutputFile::Hdf5OutputFile(const std::string& path, bool overwrite)
    : path_(target_of(path)),
      temporary_path_(temporary_name(path_, overwrite)),
      lock_(make_locked(temporary_path_, path)),
      file_(Hdf5File::create(temporary_path_, path)) {}

Hdf5OutputFile::~Hdf5OutputFile() {
  if (!committed_) unlink(temporary_path_.c_str());
  ::close(lock_);
}

void Hdf5OutputFile::commit() {
  file_.close();
  sync(temporary_path_, path_);
  if (std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    fail("{}: cannot rename {} to it: {}", path_, temporary_path_, std::strerror(errno));
  }
  committed_ = true;
  sync(folder_of(path_).string(), path_);
}

}  // namespace flashrna
