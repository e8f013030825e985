// Runs programs of the user's for an evaluation and keeps what they wrote by content: by the SHA-256 of the command and
// of what it read. A second run starts none that succeeded.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libfold/evaluation/command_template.h"

namespace flashrna {

// Throws UsageError naming the option where the command's program is not there: it would fail for every sample.
void check_program(const std::string& option, const CommandTemplate& command);

struct CommandInput {
  std::string placeholder;  // "{backbone}"
  std::string file_name;    // "backbone.pdb"
  std::string text;
};

struct CommandCall {
  std::string name;  // "folding"; part of the key
  const CommandTemplate& command;
  std::vector<CommandInput> inputs;  // those whose placeholders the command names are written, and part of the key
  std::string output, output_name;   // placeholder and file name
  std::map<std::string, std::string> numbers = {};  // further placeholders, part of the key where they are named
};

class CommandCache {
 public:
  // `time_limit`: seconds for one command; `stop` ends what runs. Throws Error where the folder cannot be made.
  CommandCache(const std::string& folder, double time_limit, const std::function<bool()>& stop);

  // Calls use() with what the command wrote. Throws Error if it fails or writes nothing. Kept is only what use() takes
  // without an Error. From any thread.
  void run(const CommandCall& call, const std::function<void(const std::string& output)>& use);

  std::size_t commands() const { return commands_; }
  std::size_t kept() const { return kept_; }

 private:
  std::string make_job_folder() const;

  std::string folder_;
  double time_limit_;
  const std::function<bool()>& stop_;
  std::atomic<std::size_t> commands_ = 0, kept_ = 0;
};

// work(0), ..., work(count - 1), `jobs` at a time, until stop(). An exception ends it and is thrown on. `progress`, if
// any, gets how many are done, from any thread.
void run_jobs(int jobs, std::size_t count, const std::function<void(std::size_t)>& work,
              const std::function<void(std::size_t)>& progress, const std::function<bool()>& stop);

}  // namespace flashrna
