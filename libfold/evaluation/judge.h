// A judge: a user's program that assigns every sample a score without a native structure, called by a command template
// as in self_consistency.h. Failures are counted and are not fatal. Scores are cached by content.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

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

struct Judgement {
  std::vector<JudgedSample> of;  // by sample
  std::size_t commands = 0;      // number of runs without cached results
  std::size_t kept = 0;          // of these, cached results
  std::size_t failures = 0;
};

struct JudgeCalls {
  std::function<void(std::size_t samples_done)> progress;  // called from any thread
  std::function<bool()> stop;                              // true ends the run
};

// Structures must have their backbones. Throws Error if the folder cannot be created or written.
Judgement judge_samples(std::span<const MeasuredStructure> samples, const JudgeSettings& settings,
                        const JudgeCalls& calls = {});

}  // namespace flashrna
