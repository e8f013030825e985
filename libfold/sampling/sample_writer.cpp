#include "libfold/sampling/sample_writer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

#include "libfold/configuration.h"
#include "rna/error.h"
#include "rna/structure_reader.h"
#include "rna/structure_writer.h"
#include "rna/superposition.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

[[noreturn]] void fail_lengths(const std::string& text, const std::string& item, const char* why) {
  fail_usage(
      "--lengths {}: \"{}\" {}; give lengths above 0 and ranges first-last or first-last:step, separated by commas, "
      "such as 40,60-120:20",
      text, item, why);
}

// A length or a step: digits only, above 0.
int parse_positive(const std::string& text, const std::string& item, std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) fail_lengths(text, item, "is too large");
  if (error != std::errc() || end != digits.data() + digits.size()) fail_lengths(text, item, "is not a length");
  if (value < 1) fail_lengths(text, item, "is not above 0");
  return value;
}

Base base_of(const std::string& nucleotide) {
  for (Base base : {Base::A, Base::C, Base::G, Base::U, Base::N})
    if (nucleotide == std::string(1, base_letter(base))) return base;
  fail_usage("--nucleotide {}: must be N, A, C, G or U", nucleotide);
}

Chain read_reference(const std::string& path, const std::string& chain_id) {
  const Structure structure = read_structure(path);
  std::vector<std::string> ids;
  for (const Chain& chain : structure.chains) {
    if (chain_id.empty() || chain.id == chain_id) return chain;
    ids.push_back(chain.id);
  }
  fail("--reference {}: no RNA chain \"{}\" with a backbone in it; it has {}", path, chain_id,
       ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", ")));
}

}  // namespace

void SampleConfig::add_options(Configuration& configuration) {
  configuration.bind("sample.checkpoint", checkpoint, "trained model");
  configuration.bind("sample.checkpoint_sha256", checkpoint_sha256, "of that file");
  configuration.bind("sample.weights", weights, "ema or raw");
  configuration.bind("sample.lengths", lengths, "residues: lengths and ranges first-last:step");
  configuration.bind("sample.samples", samples, "per length");
  configuration.bind("sample.steps", steps, "calls of the model per sample");
  configuration.bind("sample.seed", seed, "of the noise");
  configuration.bind("sample.max_residues", max_residues, "per batch");
  configuration.bind("sample.format", format, "cif or pdb");
  configuration.bind("sample.nucleotide", nucleotide, "residue name: N, A, C, G or U");
  configuration.bind("sample.reference", reference, "structure that samples are compared with");
  configuration.bind("sample.reference_chain", reference_chain, "its chain; empty = the first with RNA");
}

void SampleConfig::validate() const {
  parse_lengths(lengths);
  base_of(nucleotide);
  if (weights != "ema" && weights != "raw") fail_usage("--weights {}: must be ema or raw", weights);
  if (samples < 1) fail_usage("--samples {}: must be at least 1", samples);
  if (steps < 2) fail_usage("--steps {}: must be at least 2", steps);
  if (max_residues < 1) fail_usage("--max-residues {}: must be at least 1", max_residues);
  if (format != "cif" && format != "pdb") fail_usage("--format {}: must be cif or pdb", format);
  if (!reference_chain.empty() && reference.empty())
    fail_usage("--reference-chain {}: needs --reference FILE", reference_chain);
}

std::vector<int> parse_lengths(const std::string& text) {
  std::set<int> lengths;
  for (const std::string& item : split(text, ',')) {
    const std::size_t dash = item.find('-'), colon = item.find(':');
    if (colon != std::string::npos && (dash == std::string::npos || colon < dash))
      fail_lengths(text, item, "has a step but no range");
    const std::string_view whole = item;
    const int first = parse_positive(text, item, whole.substr(0, dash));
    if (dash == std::string::npos) {
      lengths.insert(first);
      continue;
    }
    const std::size_t end = std::min(colon, item.size());
    const int last = parse_positive(text, item, whole.substr(dash + 1, end - dash - 1));
    const int step = colon == std::string::npos ? 1 : parse_positive(text, item, whole.substr(colon + 1));
    if (last < first) fail_lengths(text, item, "runs backwards");
    for (std::int64_t length = first; length <= last; length += step) lengths.insert(static_cast<int>(length));
  }
  return {lengths.begin(), lengths.end()};
}

std::vector<PlannedSample> plan_samples(const SampleConfig& config) {
  const auto digits = std::max<std::size_t>(3, std::to_string(config.samples - 1).size());
  std::vector<PlannedSample> plan;
  for (int length : parse_lengths(config.lengths))
    for (int index = 0; index < config.samples; ++index)
      plan.push_back(
          {length, static_cast<std::uint64_t>(index), fmt::format("len_{:05d}_sample_{:0{}d}", length, index, digits)});
  return plan;
}

SampleWriter::SampleWriter(const SampleConfig& config, const std::string& folder)
    : config_(config), folder_(folder), columns_{"name",         "length", "index",
                                                 "seed",         "steps",  "file",
                                                 "c4_neighbors", "bonded", "radius_of_gyration"} {
  config_.validate();
  if (!config_.reference.empty()) {
    reference_ = read_reference(config_.reference, config_.reference_chain);
    columns_.emplace_back("rmsd_to_reference");
  }
  check_same_run();
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) fail("{}: the folder cannot be made: {}; give another --output folder", folder_, error.message());

  Configuration configuration;
  config_.add_options(configuration);
  write_file_atomically((fs::path(folder_) / "config.ini").string(), configuration.to_ini());
  read_table();
}

void SampleWriter::check_same_run() const {
  const std::string path = (fs::path(folder_) / "config.ini").string();
  if (!fs::exists(path)) return;
  SampleConfig stored_config, present_config = config_;
  Configuration stored, present;
  stored_config.add_options(stored);
  present_config.add_options(present);
  try {
    stored.read_ini(path);
  } catch (const UsageError&) {
    fail("{}: its config.ini is not of a sampling run; give another --output folder", folder_);
  }
  for (const Configuration::Entry& entry : stored.entries()) {
    const std::string now = present.find(entry.key)->get();
    if (entry.key == "sample.checkpoint" || entry.get() == now) continue;  // the hash decides, not the path
    fail("{}: holds the samples of another run: there {} = {}, now {}; give another --output folder", folder_,
         entry.key, entry.get(), now);
  }
}

void SampleWriter::read_table() {
  std::ifstream file(fs::path(folder_) / "samples.csv");
  std::string line;
  if (!std::getline(file, line) || split(line, ',') != columns_) return;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = split(line, ',');
    if (cells.size() != columns_.size()) continue;
    Row& row = rows_[cells[0]];
    for (std::size_t i = 0; i < cells.size(); ++i) row[columns_[i]] = cells[i];
  }
}

void SampleWriter::write_table() const {
  std::string text = fmt::format("{}\n", fmt::join(columns_, ","));
  for (const auto& [name, row] : rows_)
    for (const std::string& column : columns_) text += row.at(column) + (column == columns_.back() ? "\n" : ",");
  write_file_atomically((fs::path(folder_) / "samples.csv").string(), text);
}

std::string SampleWriter::file_name(const PlannedSample& sample) const { return sample.name + "." + config_.format; }

std::string SampleWriter::path_of(const PlannedSample& sample) const {
  return (fs::path(folder_) / file_name(sample)).string();
}

bool SampleWriter::has(const PlannedSample& sample) const {
  return rows_.count(sample.name) > 0 && fs::exists(path_of(sample));
}

const std::map<std::string, std::string>& SampleWriter::row(const PlannedSample& sample) const {
  return rows_.at(sample.name);
}

void SampleWriter::write(const PlannedSample& sample, const SampledBackbone& backbone) {
  if (has(sample)) return;
  const Structure structure = make_structure(backbone, sample.name, base_of(config_.nucleotide));
  const Chain& chain = structure.chains.front();
  const BackboneChecks checks = check_backbone(chain);

  Row row{{"name", sample.name},
          {"length", std::to_string(sample.length)},
          {"index", std::to_string(sample.index)},
          {"seed", std::to_string(config_.seed)},
          {"steps", std::to_string(config_.steps)},
          {"file", file_name(sample)},
          {"c4_neighbors", fmt::format("{:.4f}", checks.c4_neighbors)},
          {"bonded", fmt::format("{:.4f}", checks.bonded)},
          {"radius_of_gyration", fmt::format("{:.3f}", checks.radius_of_gyration)}};
  if (reference_) {
    // Residue by residue, so only for samples as long as the reference.
    const bool comparable = reference_->nucleotides.size() == chain.nucleotides.size();
    row["rmsd_to_reference"] =
        comparable ? fmt::format("{:.3f}", superpose(c4_positions(chain), c4_positions(*reference_)).rmsd) : "";
  }

  if (!fs::exists(path_of(sample)))
    write_file_atomically(path_of(sample), config_.format == "pdb" ? to_pdb(structure) : to_mmcif(structure));
  rows_[sample.name] = std::move(row);
  write_table();
}

}  // namespace flashrna
