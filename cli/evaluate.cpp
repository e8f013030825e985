// flashrna evaluate: measures a set of backbones (libfold/evaluation) and writes a table, files and a report.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/polymer_option.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/source_files.h"
#include "libfold/evaluation/definitions.h"
#include "libfold/evaluation/evaluation.h"
#include "libfold/evaluation/evaluation_summary.h"
#include "libfold/evaluation/metrics_table.h"
#include "libfold/evaluation/protein/protein_summary.h"
#include "libfold/evaluation/readable_json.h"
#include "libfold/evaluation/report/report.h"
#include "libfold/evaluation/sample_hashes.h"
#include "libfold/evaluation/thresholds.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Request {
  EvaluationSettings evaluation;
  SelfConsistencySettings programs;
  std::string judge;
  std::vector<std::string> compare;
  std::string output, polymer = "rna", unit = "model", thresholds, shard;
  bool no_diversity = false, no_novelty = false;
};

void add_options(CommandLine& line, Request& request) {
  line.list("samples", request.evaluation.samples, "PATH...",
            "structure files, folders or archives of them; a model with all its chains is a sample");
  line.option("reference", request.evaluation.reference, "PATH",
              "what to compare with: a dataset (.h5), or structures, chain by chain");
  line.option("split", request.evaluation.reference_split, "NAME",
              "of the reference dataset only this part: train, ...");
  line.option("output", request.output, "DIR", "folder of metrics.csv, summary.json and report.html", Need::kRequired);
  line.option("polymer", request.polymer, "NAME", "which chains of the structures: rna, or protein");
  line.option("unit", request.unit, "NAME", "what a sample is: model, or chain");
  line.option("native", request.evaluation.native, "PATH",
              "structure that the samples should be, or a folder of them by name: lDDT (of RNA), RMSD, TM-score");
  line.option("pairs", request.evaluation.pairs, "PATH",
              "secondary structure that was asked for (.dbn, .bpseq, .ct), or a folder of them by name: precision, "
              "recall and F1 of pairs and of loop positions");
  line.flag("no-diversity", request.no_diversity, "leave out the clusters of the samples");
  line.flag("no-novelty", request.no_novelty, "leave out the search of the nearest reference chain");
  line.option("inverse-folding", request.programs.inverse_folding, "CMD",
              "designs sequences: a command with {backbone} and {fasta} (docs/evaluation.md)");
  line.option("folding", request.programs.folding, "CMD", "folds a sequence: a command with {fasta} and {structure}");
  line.option("judge", request.judge, "CMD",
              "scores a structure without a native: a command with {structure} or {dot_bracket}, and {score}");
  line.option("sequences", request.programs.sequences, "N", "designed per sample; the best one counts");
  line.option("time-limit", request.programs.time_limit, "SECONDS", "of one such command");
  line.option("jobs", request.programs.jobs, "N", "such commands at a time");
  line.option("cache", request.programs.folder, "DIR",
              "keeps their results; default: self_consistency and judge in the output folder");
  line.option("shard", request.shard, "K/N",
              "for a job array: search the reference and run the programs for part K of N of the samples");
  line.flag("join", request.evaluation.join, "take the results of all parts, and write what the whole gives");
  line.list("compare", request.compare, "DIR...", "instead of samples: output folders of earlier evaluations");
  line.option("thresholds", request.thresholds, "FILE.csv",
              "print these bounds on measures and who is within them; exit status 1 if a set is not");
}

void check(Request& request) {
  EvaluationSettings& settings = request.evaluation;
  parse_polymer(request.polymer);
  if (settings.samples.empty() == request.compare.empty()) {
    fail_usage("give either --samples or --compare; see flashrna help evaluate");
  }
  settings.shard = parse_shard(request.shard);
  settings.parts = request.output;
  if (!settings.shard.whole() && (settings.join || !request.thresholds.empty()))
    fail_usage("--shard {}: a part has no result of its own, so that --join and --thresholds belong to another command",
               request.shard);
  if (!request.compare.empty() && (!settings.shard.whole() || settings.join))
    fail_usage("--compare takes finished evaluations, without --shard and --join");
  if (parse_polymer(request.polymer) == Polymer::kProtein && (!settings.shard.whole() || settings.join))
    fail_usage("--shard and --join take RNA; evaluate proteins in one command");
  if (request.unit != "model" && request.unit != "chain") {
    fail_usage("--unit \"{}\": it is model or chain", request.unit);
  }
  settings.unit = request.unit == "model" ? StructureUnit::kModel : StructureUnit::kChain;
  settings.diversity = !request.no_diversity;
  settings.novelty = !request.no_novelty;
  if (!settings.reference_split.empty() && settings.reference.empty()) {
    fail_usage("--split \"{}\" is of a reference; give --reference FILE.h5", settings.reference_split);
  }
  const bool design = !request.programs.inverse_folding.empty(), fold = !request.programs.folding.empty();
  if (design != fold) {
    fail_usage("self-consistency needs two programs: --{} is missing", design ? "folding" : "inverse-folding");
  }
  if (!request.judge.empty()) {
    const std::string folder = request.programs.folder.empty() ? request.output + "/judge" : request.programs.folder;
    settings.judge = JudgeSettings{request.judge, request.programs.time_limit, request.programs.jobs, folder};
    settings.judge->validate();
  }
  if (!design) return;
  if (request.programs.folder.empty()) request.programs.folder = request.output + "/self_consistency";
  request.programs.validate();
  settings.programs = request.programs;
}

// The output folder: created before the work, which may take long, and removed if the work produces nothing.
class OutputFolder {
 public:
  explicit OutputFolder(const std::string& path) : path_(path) {
    std::error_code error;
    made_ = fs::create_directories(path, error);
    if (error || !fs::is_directory(path, error)) {
      fail("{}: cannot be made: {}", path, error ? error.message() : "there is a file of this name");
    }
  }
  ~OutputFolder() {
    std::error_code ignored;
    if (made_ && fs::is_empty(path_, ignored)) fs::remove(path_, ignored);
  }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    write_file_atomically((fs::path(path_) / name).string(), text);
  }

 private:
  std::string path_;
  bool made_ = false;
};

// One line of progress per stage.
class Stages {
 public:
  explicit Stages(bool quiet) : quiet_(quiet) {}

  void show(const std::string& stage, const std::string& unit, std::size_t done, std::size_t total) {
    const std::lock_guard lock(mutex_);
    if (!progress_ || stage != stage_) {
      progress_.reset();
      progress_ = std::make_unique<Progress>(stage, unit, static_cast<std::int64_t>(total), quiet_);
      stage_ = stage;
      most_ = 0;
    }
    // Threads report in any order.
    most_ = std::max(most_, done);
    progress_->set(static_cast<std::int64_t>(most_));
  }
  void finish() { progress_.reset(); }

 private:
  const bool quiet_;
  std::mutex mutex_;
  std::unique_ptr<Progress> progress_;
  std::string stage_;
  std::size_t most_ = 0;
};

void warn(const char* whose, const SetSource& set, const char* polymer) {
  constexpr std::size_t kNamed = 20;  // the others are listed in summary.json
  const auto say = [&](const std::vector<LeftOut>& left_out, const std::string& what) {
    if (left_out.empty()) return;
    fmt::print(stderr, "{}: {} {} left out\n", whose, left_out.size(), what);
    for (std::size_t i = 0; i < std::min(left_out.size(), kNamed); ++i)
      fmt::print(stderr, "  {}: {}\n", left_out[i].name, left_out[i].reason);
    if (left_out.size() > kNamed) fmt::print(stderr, "  and {} more\n", left_out.size() - kNamed);
  };
  say(set.unreadable, "unreadable");
  say(set.without_polymer, fmt::format("without {}", polymer));
  say(set.too_short, "too short");
  if (set.pdb_twins > 0)
    fmt::print(stderr, "{}: {} PDB files beside mmCIF files of the same name left out\n", whose, set.pdb_twins);
}

void warn_of_changed_samples(const std::vector<std::string>& samples) {
  const std::vector<std::string> changed = changed_samples(samples);
  if (!changed.empty())
    fmt::print(stderr, "samples: {} changed since {} written (another SHA-256 than in samples.csv)\n",
               fmt::join(changed, ", "), changed.size() > 1 ? "they were" : "it was");
}

// What the user's programs did; `run` is a Judgment or a SelfConsistency.
void print_runs(const char* whose, const auto& run) {
  fmt::print(stderr, "{}: {} commands run in {:.1f} s, {} results taken from the cache\n", whose,
             run.commands - run.kept, run.seconds, run.kept);
}

void warn_of_judge(const Evaluation& evaluation) {
  if (!evaluation.judgment || evaluation.judgment->failures == 0) return;
  const auto failed =
      std::ranges::find_if(evaluation.judgment->of, [](const JudgedSample& sample) { return !sample.failure.empty(); });
  fmt::print(stderr, "judge: {} of {} samples have no score, the first: {}\n", evaluation.judgment->failures,
             evaluation.judgment->of.size(), failed->failure);
}

// Samples, reference and natives of an Evaluation or a ProteinEvaluation.
template <typename AnyEvaluation>
void warn_of_sets(const AnyEvaluation& evaluation, const char* polymer) {
  warn("samples", evaluation.samples, polymer);
  warn_of_changed_samples(evaluation.settings.samples);
  if (evaluation.reference) warn("reference", *evaluation.reference, polymer);
  if (evaluation.reference && !evaluation.reference->held_out.empty())
    fmt::print(stderr, "reference: {}\n", evaluation.reference->held_out);
  std::size_t compared = 0;
  for (const auto& native : evaluation.native) compared += native.has_value();
  if (compared < evaluation.native.size()) {
    fmt::print(stderr, "{} of {} samples have no native of their name and length in {}\n",
               evaluation.native.size() - compared, evaluation.native.size(), evaluation.settings.native);
  }
}

void warn(const Evaluation& evaluation) {
  warn_of_sets(evaluation, "RNA");
  const auto without = std::ranges::count_if(evaluation.pairs, [](const auto& pairs) { return !pairs; });
  if (without > 0) {
    fmt::print(stderr, "{} of {} samples have no secondary structure of their name and length in {}\n", without,
               evaluation.pairs.size(), evaluation.settings.pairs);
  }
  if (evaluation.judgment) print_runs("judge", *evaluation.judgment);
  if (evaluation.consistency) print_runs("self-consistency", *evaluation.consistency);
  warn_of_judge(evaluation);
  if (!evaluation.consistency || evaluation.consistency->failures == 0) return;
  for (const SampleConsistency& sample : evaluation.consistency->of) {
    if (sample.failures == 0) continue;
    fmt::print(stderr, "self-consistency: {} failures, the first: {}\n", evaluation.consistency->failures,
               sample.first_failure);
    return;
  }
}

// A measure that at least one of the compared sets has.
struct ComparedMeasure {
  std::string key, name, unit;
  std::vector<std::optional<double>> values;  // by set
  std::optional<double> reference;            // of the first set that has one
};

std::optional<double> number(const Json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::vector<ComparedMeasure> compare_measures(const std::vector<EvaluatedSet>& sets) {
  std::vector<ComparedMeasure> measures;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (const auto& [key, value] : sets[s].summary.at("measures").items()) {
      auto found = std::find_if(measures.begin(), measures.end(), [&](const auto& m) { return m.key == key; });
      if (found == measures.end()) {
        const auto definition = definitions().find(key);
        const Definition known = definition == definitions().end() ? Definition{key, "", ""} : definition->second;
        measures.push_back({key, known.name, known.unit, std::vector<std::optional<double>>(sets.size()), {}});
        found = std::prev(measures.end());
      }
      found->values[s] = number(value.value("samples", Json()));
      if (!found->reference) found->reference = number(value.value("reference", Json()));
    }
  }
  return measures;
}

Table::Cell cell(std::optional<double> value) { return value ? Table::Cell(*value) : Table::Cell(); }

Table side_by_side(const std::vector<ComparedMeasure>& measures, const std::vector<std::string>& names) {
  std::vector<std::string> columns{"measure"};
  columns.insert(columns.end(), names.begin(), names.end());
  columns.insert(columns.end(), {"reference", "unit", "key"});
  Table table(columns);
  for (const ComparedMeasure& measure : measures) {
    std::vector<Table::Cell> row{measure.name};
    for (const std::optional<double> value : measure.values) row.push_back(cell(value));
    row.insert(row.end(), {cell(measure.reference), measure.unit, measure.key});
    table.add_row(row);
  }
  return table;
}

std::string comparison_csv(const std::vector<ComparedMeasure>& measures, const std::vector<std::string>& names) {
  const auto text = [](std::optional<double> value) { return value ? fmt::format("{:.6g}", *value) : ""; };
  CsvTable csv;
  csv.columns = {"key", "unit"};
  csv.columns.insert(csv.columns.end(), names.begin(), names.end());
  csv.columns.emplace_back("reference");
  for (const ComparedMeasure& measure : measures) {
    std::vector<std::string> row{measure.key, measure.unit};
    for (const std::optional<double> value : measure.values) row.push_back(text(value));
    row.push_back(text(measure.reference));
    csv.rows.push_back(std::move(row));
  }
  return csv.to_csv();
}

// Prints every threshold with the value of each set. Then throws Error if a set misses one.
void print_thresholds(const std::vector<Threshold>& thresholds, const std::vector<ComparedMeasure>& measures,
                      const std::vector<std::string>& names, bool as_json) {
  std::vector<std::string> columns{"measure", "threshold"};
  for (const std::string& name : names) columns.insert(columns.end(), {name, name + " passes"});
  columns.insert(columns.end(), {"reference", "unit", "key"});
  Table table(columns);
  std::vector<std::string> missed;
  for (const Threshold& threshold : thresholds) {
    const Definition& definition = definitions().at(threshold.key);
    const auto found =
        std::find_if(measures.begin(), measures.end(), [&](const auto& m) { return m.key == threshold.key; });
    const bool measured = found != measures.end();
    const std::optional<double> reference = measured ? found->reference : std::nullopt;
    std::vector<Table::Cell> row{definition.name, threshold.text()};
    for (std::size_t s = 0; s < names.size(); ++s) {
      const std::optional<double> value = measured ? found->values[s] : std::nullopt;
      const bool met = threshold.met(value, reference);
      row.insert(row.end(), {cell(value), met});
      if (!met) missed.push_back(fmt::format("{} of {}", threshold.key, names[s]));
    }
    row.insert(row.end(), {cell(reference), definition.unit, threshold.key});
    table.add_row(row);
  }
  table.print(as_json);
  if (!missed.empty())
    fail("{} of {} thresholds not met: {}", missed.size(), thresholds.size() * names.size(), fmt::join(missed, ", "));
}

void print_summary(const EvaluatedSet& set, const std::string& output, bool as_json) {
  if (!as_json) return side_by_side(compare_measures({set}), {"samples"}).print(false);
  Json json = {{"output", output}};
  for (const char* part : {"samples", "reference", "measures", "self_consistency"}) json[part] = set.summary.at(part);
  print_json(json);
}

// "rna" in summaries of before proteins.
std::string polymer_of(const EvaluatedSet& set) { return set.summary.value("polymer", "rna"); }

// Whether two sets were compared with the same reference, judged by their summaries.
bool same_reference(const Json& a, const Json& b) {
  const char* kPoints = "reference_lengths";
  return a.at("reference") == b.at("reference") &&
         a.at("radius_of_gyration").value(kPoints, Json()) == b.at("radius_of_gyration").value(kPoints, Json());
}

// The folder's own name. The whole path if names are not unique (runs/a/evaluation, runs/b/evaluation) or if the name
// is a column's.
std::string name_of_run(const std::string& folder, const std::vector<std::string>& folders) {
  const std::string name = input_name(folder);
  const auto alike =
      std::count_if(folders.begin(), folders.end(), [&](const auto& f) { return input_name(f) == name; });
  const bool is_column = name == "measure" || name == "reference" || name == "unit" || name == "key" ||
                         name == "threshold" || name.ends_with(" passes");
  return alike > 1 || is_column ? folder : name;
}

int compare_runs(const Request& request, const std::vector<Threshold>& thresholds, const CommonOptions& common) {
  std::vector<EvaluatedSet> sets;
  std::vector<std::string> names;
  for (const std::string& folder : request.compare) {
    if (std::count(request.compare.begin(), request.compare.end(), folder) > 1) fail_usage("{} is given twice", folder);
    EvaluatedSet& set = sets.emplace_back(read_evaluated_set(folder));
    set.name = name_of_run(folder, request.compare);
    names.push_back(set.name);
    if (polymer_of(set) != polymer_of(sets.front())) {
      fail("{} measures {}, {} {}; compare sets of one polymer", request.compare.front(), polymer_of(sets.front()),
           folder, polymer_of(set));
    }
    if (!same_reference(sets.front().summary, set.summary) && !common.quiet) {
      fmt::print(stderr, "{} and {} were measured against different references\n", request.compare.front(), folder);
    }
  }
  for (const std::string& folder : request.compare) {
    std::error_code ignored;
    if (std::filesystem::equivalent(folder, request.output, ignored))
      fail_usage("--output {} is one of the sets to compare, whose report it would replace; give another", folder);
  }
  const OutputFolder output(request.output);
  const std::vector<ComparedMeasure> measures = compare_measures(sets);
  output.write("comparison.csv", comparison_csv(measures, names));
  output.write("report.html", make_report(sets));
  if (thresholds.empty())
    side_by_side(measures, names).print(common.json);
  else
    print_thresholds(thresholds, measures, names, common.json);
  return 0;
}

// The measured set; nullopt if the user interrupted.
std::optional<EvaluatedSet> measured_set(const Request& request, const EvaluationCalls& calls, Stages& stages,
                                         bool quiet) {
  const std::string name = input_name(request.output);
  if (parse_polymer(request.polymer) == Polymer::kProtein) {
    const std::optional<ProteinEvaluation> evaluation = evaluate_proteins(request.evaluation, calls);
    stages.finish();
    if (!evaluation) return std::nullopt;
    if (!quiet) warn_of_sets(*evaluation, "protein");
    return EvaluatedSet{name, protein_summary(*evaluation), protein_metrics_table(*evaluation)};
  }
  const std::optional<Evaluation> evaluation = evaluate(request.evaluation, calls);
  stages.finish();
  if (!evaluation) return std::nullopt;
  if (!quiet) warn(*evaluation);
  return EvaluatedSet{name, evaluation_summary(*evaluation), metrics_table(*evaluation)};
}

int report_interruption(const Request& request) {
  fmt::print(stderr, "interrupted: nothing is written to {}{}\n", request.output,
             request.evaluation.programs || request.evaluation.judge
                 ? " but the results of your programs, which the same command takes up"
                 : "");
  return interrupted_status();
}

// Measures one part of the samples, whose results lie in the output folder until --join.
int evaluate_part(const Request& request, const EvaluationCalls& calls, Stages& stages, const CommonOptions& common) {
  const std::optional<Evaluation> evaluation = evaluate(request.evaluation, calls);
  stages.finish();
  if (!evaluation) return report_interruption(request);
  if (!common.quiet) warn(*evaluation);
  std::size_t samples = 0;
  for (std::size_t i = 0; i < evaluation->samples.structures.size(); ++i) samples += request.evaluation.shard.takes(i);
  Table table({"part", "samples"});
  table.add_row({request.evaluation.shard.text(), samples});
  table.print(common.json);
  return 0;
}

int evaluate_samples(const Request& request, const std::vector<Threshold>& thresholds, const CommonOptions& common) {
  const OutputFolder output(request.output);
  Stages stages(common.quiet);
  EvaluationCalls calls;
  calls.progress = [&](const std::string& stage, const std::string& unit, std::size_t done, std::size_t total) {
    stages.show(stage, unit, done, total);
  };
  calls.stop = interrupted;
  if (!request.evaluation.shard.whole()) return evaluate_part(request, calls, stages, common);
  const std::optional<EvaluatedSet> set = measured_set(request, calls, stages, common.quiet);
  if (!set) return report_interruption(request);
  output.write("metrics.csv", set->metrics.to_csv());
  output.write("summary.json", readable_json(set->summary));
  output.write("report.html", make_report({*set}));
  if (thresholds.empty())
    print_summary(*set, request.output, common.json);
  else
    print_thresholds(thresholds, compare_measures({*set}), {"samples"}, common.json);
  return 0;
}

}  // namespace

int evaluate_main(const std::vector<std::string>& arguments) {
  Request request;
  CommonOptions common;
  CommandLine line("evaluate", "Measures a set of RNA or protein backbones, alone and against a reference.",
                   "flashrna evaluate --samples structures --reference rna.h5 --output evaluation\n"
                   "flashrna evaluate --compare evaluation --output comparison");
  add_options(line, request);
  line.common(common);
  if (!line.parse(arguments)) return 0;
  check(request);
  request.evaluation.threads = common.threads;
  const std::vector<Threshold> thresholds =
      request.thresholds.empty() ? std::vector<Threshold>() : read_thresholds(request.thresholds);
  return request.compare.empty() ? evaluate_samples(request, thresholds, common)
                                 : compare_runs(request, thresholds, common);
}

}  // namespace flashrna
