// The folder of a training run: its lock and its checkpoints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "libfold/checkpoint.h"

namespace flashrna {

class RunFolder {
 public:
  // With `resume` false, creates the folder; throws Error if it already holds a run. With `resume` true, throws Error
  // if it holds no checkpoint. Throws Error if another process trains into it. Removes temporary files that killed
  // writers left.
  RunFolder(std::string path, bool resume);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const;
  std::string checkpoint_path(std::int64_t step) const;  // checkpoints/step_00002000.h5
  // Makes checkpoints/best.h5 the checkpoint at `path`, a file of the folder.
  void keep_as_best(const std::string& path) const;
  // Removes all but the last `keep` checkpoints.
  void prune(std::size_t keep) const;

 private:
  std::string path_;
  std::unique_ptr<FileLock> lock_;
};

// Checkpoints of the run in `folder`, in order of their steps; empty if the folder does not exist.
std::vector<std::string> checkpoints_of(const std::string& folder);

// The last checkpoint. Throws Error if there is none.
std::string latest_checkpoint(const std::string& folder);

// `path` itself, or the last checkpoint if it is the folder of a run. Throws Error if that folder has none.
std::string checkpoint_file(const std::string& path);

// Reads the last checkpoint that can be read, to resume from it. For each later one, cut short or damaged, a sentence
// that names it and the one before it is appended to `damaged` (may be nullptr). Throws Error if none can be read, and
// if it is a weights file (libfold/weights_file.h).
Checkpoint read_checkpoint_to_resume(const std::string& folder, std::vector<std::string>* damaged = nullptr);

}  // namespace flashrna
