#include "libfold/evaluation/judge.h"

#include <charconv>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "libfold/evaluation/command_cache.h"
#include "libfold/evaluation/self_consistency.h"
#include "rna/pairs/dot_bracket.h"

namespace flashrna {
namespace {

CommandTemplate judge_command(const JudgeSettings& settings) {
  return CommandTemplate("judge", settings.command, {"{score}"});
}

double first_number(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  double value = 0.0;
  const char* begin = text.data() + std::min(first, text.size());
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) {
    fail("the score begins with no number: \"{}\"", text.substr(0, 40));
  }
  return value;
}

std::string dot_bracket_of(const MeasuredStructure& sample) {
  const std::vector<int> molecule(sample.backbone.chain.begin(), sample.backbone.chain.end());
  return to_dot_bracket(sample.partner, molecule) + "\n";
}

}  // namespace

void JudgeSettings::validate() const {
  const CommandTemplate judge = judge_command(*this);
  if (command.find("{structure}") == std::string::npos && command.find("{dot_bracket}") == std::string::npos) {
    fail_usage("--judge \"{}\" has neither {{structure}} nor {{dot_bracket}}: there is nothing to judge", command);
  }
  check_program("judge", judge);
  if (!(time_limit > 0.0)) fail_usage("--time-limit {}: it must be positive (seconds)", time_limit);
  if (jobs < 1) fail_usage("--jobs {}: at least one is needed", jobs);
}

Judgment judge_samples(std::span<const MeasuredStructure> samples, const JudgeSettings& settings, const Watch& watch) {
  settings.validate();
  const CommandTemplate command = judge_command(settings);
  CommandCache cache(settings.folder, settings.time_limit, watch.stop);
  Judgment result;
  result.of.resize(samples.size());
  const auto judge = [&](std::size_t i) {
    try {
      cache.run({"judge",
                 command,
                 {{"{structure}", "structure.pdb", backbone_pdb(samples[i].backbone)},
                  {"{dot_bracket}", "structure.dbn", dot_bracket_of(samples[i])}},
                 "{score}",
                 "score.txt"},
                [&](const std::string& text) { result.of[i].score = first_number(text); });
    } catch (const Error& error) {
      result.of[i].failure = error.what();
    }
  };
  const auto start = std::chrono::steady_clock::now();
  parallel_for(samples.size(), settings.jobs, judge, watch);
  result.commands = cache.commands();
  result.kept = cache.kept();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const JudgedSample& sample : result.of) result.failures += !sample.failure.empty();
  return result;
}

}  // namespace flashrna
