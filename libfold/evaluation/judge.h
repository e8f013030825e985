// A judge: a user's program that assigns every sample a score without a native structure, called by a command template
// as in self_consistency.h. Failures are counted and are not fatal. Scores are cached by content.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/watch.h"
#include "libfold/evaluation/structure_set.h"

namespace flashrna {

struct JudgeSettings {
  std::string command;  // with {score} (a file to write: its first number counts), and {structure} (PDB to read) or
                        // {dot_bracket} (the pairs found in it, to read)
  double time_limit = 600.0;  // seconds for one command; > 0
  int jobs = 1;               // commands at a time; >= 1
  std::string folder;         // keeps results, and logs of failed commands

  // Throws UsageError naming the option.
  void validate() const;
};

struct JudgedSample {
  std::optional<double> score;
  std::string failure;  // reason for a missing score
};

struct Judgment {
  std::vector<JudgedSample> of;  // by sample
  std::size_t commands = 0;      // that a run without a cache would start
  std::size_t kept = 0;          // of these, answered from the cache
  std::size_t failures = 0;
  double seconds = 0.0;  // elapsed
};

// Structures must have their backbones. `watch` follows the samples; its end also ends the running commands. Throws
// Error if the folder cannot be created or written.
Judgment judge_samples(std::span<const MeasuredStructure> samples, const JudgeSettings& settings,
                       const Watch& watch = {});

}  // namespace flashrna
