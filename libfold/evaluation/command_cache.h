// Runs the user's programs for an evaluation and caches their output by content: by the SHA-256 of the command and its
// input. A second run does not repeat successful commands.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libfold/evaluation/command_template.h"

namespace flashrna {

// Throws UsageError naming the option if the command's program does not exist, because it would fail for every sample.
void check_program(const std::string& option, const CommandTemplate& command);

struct CommandInput {
  std::string placeholder;  // "{backbone}"
  std::string file_name;    // "backbone.pdb"
  std::string text;
};

struct CommandCall {
  std::string name;  // "folding"; part of the key
  const CommandTemplate& command;
  std::vector<CommandInput> inputs;  // written and part of the key if the command contains the placeholder
  std::string output, output_name;   // placeholder and file name
  std::map<std::string, std::string> numbers = {};  // further placeholders; part of the key if contained
};

class CommandCache {
 public:
  // `time_limit`: seconds per command; `stop`: true ends running commands. Throws Error if the folder cannot be
  // created.
  CommandCache(const std::string& folder, double time_limit, const std::function<bool()>& stop);

  // Calls use() with the output of the command. Throws Error if the command fails or writes nothing. Caches the output
  // only if use() returns without an Error. Thread-safe.
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

}  // namespace flashrna
