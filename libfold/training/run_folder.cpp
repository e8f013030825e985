#include "libfold/training/run_folder.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

fs::path checkpoints_folder(const std::string& folder) { return fs::path(folder) / "checkpoints"; }

bool is_checkpoint_name(const std::string& name) {
  return name.starts_with("step_") && name.ends_with(".h5") &&
         std::all_of(name.begin() + 5, name.end() - 3, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

RunFolder::RunFolder(std::string path, bool resume) : path_(std::move(path)) {
  // The first checkpoint is written before config.ini, so a folder with neither holds nothing worth keeping.
  const bool used = fs::exists(file("config.ini")) || !checkpoints_of(path_).empty();
  if (resume) latest_checkpoint(path_);
  if (!resume && used)
    fail("{}: already holds a training run; continue it with --resume, or give another --output folder", path_);

  std::error_code error;
  fs::create_directories(checkpoints_folder(path_), error);
  if (error) fail("{}: the folder cannot be made: {}; give another --output folder", path_, error.message());
  lock_ = std::make_unique<FileLock>(
      file(".training.lock"),
      fmt::format("{}: another process trains into it; wait for it to end, or give another --output folder", path_));
  for (const auto& entry : fs::directory_iterator(checkpoints_folder(path_)))
    if (entry.path().extension() == ".partial") fs::remove(entry.path(), error);
}

std::string RunFolder::file(const std::string& name) const { return (fs::path(path_) / name).string(); }

std::string RunFolder::checkpoint_path(std::int64_t step) const {
  return (checkpoints_folder(path_) / fmt::format("step_{:08d}.h5", step)).string();
}

void RunFolder::keep_as_best(const std::string& path) const {
  const fs::path best = checkpoints_folder(path_) / "best.h5", partial = best.string() + ".partial";
  std::error_code error;
  fs::remove(partial, error);
  fs::create_hard_link(path, partial, error);  // takes no disk space until the checkpoint is removed
  if (error) fs::copy_file(path, partial);
  fs::rename(partial, best);
}

void RunFolder::prune(std::size_t keep) const {
  const std::vector<std::string> checkpoints = checkpoints_of(path_);
  for (std::size_t i = 0; i + keep < checkpoints.size(); ++i) fs::remove(checkpoints[i]);
}

std::vector<std::string> checkpoints_of(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(checkpoints_folder(folder), error))
    if (is_checkpoint_name(entry.path().filename().string()) && !entry.is_directory(error))
      found.push_back(entry.path().string());
  std::ranges::sort(found);
  return found;
}

std::string latest_checkpoint(const std::string& folder) {
  const std::vector<std::string> checkpoints = checkpoints_of(folder);
  if (checkpoints.empty())
    fail("{}: holds no checkpoint of a training run; without --resume `flashrna train` begins one there", folder);
  return checkpoints.back();
}

std::string checkpoint_file(const std::string& path) { return fs::is_directory(path) ? latest_checkpoint(path) : path; }

namespace {

// Reads the last checkpoint that can be read; appends a sentence to `damaged` for each later one.
Checkpoint read_last_whole_checkpoint(const std::string& folder, std::vector<std::string>& damaged) {
  latest_checkpoint(folder);  // throws Error without any
  const std::vector<std::string> checkpoints = checkpoints_of(folder);
  for (std::size_t i = checkpoints.size(); i-- > 1;) {
    try {
      return read_checkpoint(checkpoints[i]);
    } catch (const Error& error) {
      damaged.push_back(
          fmt::format("{}; resuming from the checkpoint before it, {}", error.what(), checkpoints[i - 1]));
    }
  }
  return read_checkpoint(checkpoints.front());
}

}  // namespace

Checkpoint read_checkpoint_to_resume(const std::string& folder, std::vector<std::string>* damaged) {
  std::vector<std::string> ignored;
  Checkpoint checkpoint = read_last_whole_checkpoint(folder, damaged ? *damaged : ignored);
  if (checkpoint.weights_only)
    fail(
        "{}: a weights file, for sampling: it holds no state of the optimizer, so that training cannot go on from it; "
        "resume from a checkpoint that `flashrna train` wrote",
        checkpoint.path);
  return checkpoint;
}

}  // namespace flashrna
