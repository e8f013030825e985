#include "libfold/sampling/sample_writer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/sha256.h"
#include "libfold/configuration.h"
#include "libfold/sampling/sampled_molecule.h"
#include "libfold/sampling/sequence_file.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/measure/backbone_checks.h"
#include "rna/measure/suites.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/pair_agreement.h"
#include "rna/superposition.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

Base base_of(const std::string& nucleotide) {
  for (Base base : {Base::A, Base::C, Base::G, Base::U})
    if (nucleotide == std::string(1, base_letter(base))) return base;
  return Base::N;
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

std::map<int, std::vector<Base>> read_sequences_of(const SampleConfig& config) {
  std::map<int, std::vector<Base>> sequences = read_sequences(config.sequence);
  for (int length : parse_lengths(config.lengths)) {
    if (sequences.contains(length)) continue;
    std::vector<int> there;
    for (const auto& [record_length, bases] : sequences) there.push_back(record_length);
    fail("--sequence {}: has no record of {} residues, only of {}; add one, or change --lengths", config.sequence,
         length, fmt::join(there, ", "));
  }
  return sequences;
}

std::vector<std::string> sample_columns(const SampleConfig& config) {
  std::vector<std::string> columns{"name", "length", "index", "seed", "steps", "file", "model", "sha256"};
  if (config.format == "both") columns.insert(columns.end(), {"pdb_file", "pdb_sha256"});
  columns.insert(columns.end(), {"c4_distance", "c4_neighbors", "o3_p_distance", "bonded", "bond_deviation", "clashes",
                                 "radius_of_gyration"});
  columns.insert(columns.end(), {"helix_share", "suite_outliers", "suiteness"});
  if (config.asks_for_pairs())
    columns.insert(columns.end(), {"pairs_asked", "pairs_made", "pair_precision", "pair_recall", "pair_f1"});
  if (!config.reference.empty()) columns.emplace_back("rmsd_to_reference");
  return columns;
}

const std::vector<std::string> kTimingColumns{
    "batch", "length", "samples", "steps", "seconds", "seconds_per_step", "residues_per_second"};

bool is_lock(const std::string& name) { return name.starts_with(".samples.") && name.ends_with(".lock"); }

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

}  // namespace

SampleWriter::SampleWriter(const SampleConfig& config, const std::string& folder, const Shard& shard)
    : config_(config), folder_(folder), shard_(shard) {
  config_.validate();
  for (const PlannedBatch& batch : shard_.part_of(plan_batches(config_))) {
    batch_names_.insert(batch.name);
    for (const PlannedSample& sample : batch.samples) sample_names_.insert(sample.name);
  }
  if (!config_.reference.empty()) reference_ = read_reference(config_.reference, config_.reference_chain);
  if (!config_.sequence.empty()) sequences_ = read_sequences_of(config_);
  check_same_run();
  const bool in_use = is_in_use();
  make_folder();
  lock();
  remove_temporary_files();
  claim(in_use);
  samples_.emplace(in_folder(shard_.file_name("samples", ".csv")), sample_columns(config_));
  timings_.emplace(in_folder(shard_.file_name("timings", ".csv")), kTimingColumns);
  take_over(*samples_, "samples", sample_names_);
  take_over(*timings_, "timings", batch_names_);
}

void SampleWriter::make_folder() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) fail("{}: the folder cannot be made: {}; give another --output folder", folder_, error.message());
}

// Two processes on the same part would repeat the work and overwrite each other's table. An unsharded run overlaps with
// every part.
void SampleWriter::lock() {
  const std::string message =
      fmt::format("{}: another process is making these samples; wait for it, or take another --shard", folder_);
  lock_ = std::make_unique<FileLock>(in_folder(shard_.file_name(".samples", ".lock")), message);
  for (const std::string& name : others_at_work())
    if (shard_.count == 1 || name == Shard{}.file_name(".samples", ".lock")) fail("{}", message);
}

// The locks held by processes on other parts.
std::vector<std::string> SampleWriter::others_at_work() const {
  std::vector<std::string> held;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    const bool is_other = is_lock(name) && name != shard_.file_name(".samples", ".lock");
    if (is_other && FileLock::is_held(entry.path())) held.push_back(name);
  }
  return held;
}

// When several parts start in a new folder, the first to link its config.ini decides; the others must have equal
// options.
void SampleWriter::claim(bool in_use) const {
  if (!in_use) {
    const std::string path = in_folder("config.ini");
    const std::string mine = shard_.file_name(path, ".new.tmp");
    SampleConfig config = config_;
    Configuration configuration;
    config.add_options(configuration);
    write_file_atomically(mine, configuration.to_ini());
    std::error_code error;
    if (others_at_work().empty()) fs::remove(path, error);  // left by a run that made no samples
    fs::create_hard_link(mine, path, error);
    if (error && !fs::exists(path)) fs::rename(mine, path);  // a file system without hard links
    fs::remove(mine);
  }
  check_same_run();
}

// Removes temporary files of killed runs: "len_00040_sample_001.cif.123-4.tmp". Keeps those of other shards, which may
// be in use.
void SampleWriter::remove_temporary_files() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() != ".tmp" || !entry.is_regular_file()) continue;
    const std::string file = entry.path().filename();
    const std::string name = file.substr(0, file.find('.'));
    const bool of_whole =
        name.starts_with("len_") || name == "samples" || name == "timings" || name == "config" || name == "structures";
    const bool of_shard = sample_names_.contains(name) || batch_names_.contains(name);
    if (shard_.count == 1 ? of_whole : of_shard) fs::remove(entry.path());
  }
}

void SampleWriter::take_over(SampleTable& table, const std::string& stem, const std::set<std::string>& names) const {
  std::map<std::string, SampleTable::Row> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string file = entry.path().filename();
    if (!file.starts_with(stem + ".") || !file.ends_with(".csv")) continue;
    for (const auto& [name, row] : SampleTable::read(entry.path(), table.columns()).rows)
      if (names.contains(name) && table.find(name) == nullptr) found[name] = row;
  }
  std::vector<SampleTable::Row> rows;
  for (auto& [name, row] : found) rows.push_back(std::move(row));
  table.add(rows);
}

// Whether existing samples, or a process that makes them, require the folder to keep its config.ini.
bool SampleWriter::is_in_use() const {
  return fs::exists(in_folder("config.ini")) &&
         std::ranges::any_of(fs::directory_iterator(folder_), [](const fs::directory_entry& entry) {
           const std::string name = entry.path().filename();
           const bool is_sample = name.starts_with("len_") && !name.ends_with(".tmp");
           return is_sample || (is_lock(name) && FileLock::is_held(entry.path()));
         });
}

void SampleWriter::check_same_run() const {
  const std::string path = in_folder("config.ini");
  if (!fs::exists(path)) return;
  SampleConfig stored_config, present_config = config_;
  stored_config.steric_rounds = stored_config.relax_rounds = 0;  // for folders without these keys
  Configuration stored, present;
  stored_config.add_options(stored);
  present_config.add_options(present);
  try {
    stored.read_ini(path);
  } catch (const UsageError&) {
    fail("{}: its config.ini is not of a sampling run; give another --output folder", folder_);
  }
  if (!is_in_use()) return;
  for (const Configuration::Entry& entry : stored.entries()) {
    const std::string now = present.find(entry.key)->get();
    // For files, the hash is compared, not the path.
    if (entry.key == "sample.checkpoint" || entry.key == "sample.sequence" || entry.get() == now) continue;
    fail("{}: holds the samples of another run: there {} = {}, now {}; give another --output folder", folder_,
         entry.key, entry.get(), now);
  }
}

std::string SampleWriter::in_folder(const std::string& name) const { return (fs::path(folder_) / name).string(); }

bool SampleWriter::has(const PlannedSample& sample) const {
  const SampleTable::Row* row = samples_->find(sample.name);
  if (row == nullptr || !fs::exists(in_folder(row->at("file")))) return false;
  if (config_.design_sequence > 0 && !fs::exists(in_folder(sample.name + ".fasta"))) return false;
  return config_.format != "both" || fs::exists(in_folder(row->at("pdb_file")));
}

bool SampleWriter::has(const PlannedBatch& batch) const {
  if (!config_.trajectory.empty() && !fs::exists(trajectory_path(batch))) return false;
  return std::ranges::all_of(batch.samples, [&](const PlannedSample& sample) { return has(sample); });
}

std::string SampleWriter::trajectory_path(const PlannedBatch& batch) const {
  return in_folder(batch.name + ".trajectory.h5");
}

std::string SampleWriter::path_of(const PlannedSample& sample) const { return in_folder(row(sample).at("file")); }

const SampleTable::Row& SampleWriter::row(const PlannedSample& sample) const {
  return samples_->rows().at(sample.name);
}

// Returns the SHA-256. Keeps an existing file with the same bytes, whose row a killed run did not write.
std::string SampleWriter::write_file(const std::string& name, const std::string& text) const {
  const std::string path = in_folder(name);
  if (!fs::exists(path) || bytes_of(path) != text) write_file_atomically(path, text);
  return sha256_hex(text);
}

namespace {

// Empty for NaN, where the denominator was zero.
std::string share_text(double share) { return std::isnan(share) ? "" : fmt::format("{:.4f}", share); }

void add_pair_agreement(std::span<const int> asked, std::span<const int> made, SampleTable::Row& row) {
  const Agreement agreement = compare_pairs(asked, made);
  row["pairs_asked"] = std::to_string(agreement.asked);
  row["pairs_made"] = std::to_string(agreement.found);
  row["pair_precision"] = share_text(agreement.precision());
  row["pair_recall"] = share_text(agreement.recall());
  row["pair_f1"] = share_text(agreement.f1());
}

}  // namespace

SampleTable::Row SampleWriter::checks_of(const PlannedSample& sample, const Structure& structure) const {
  const Chain& chain = structure.chains.front();
  const BackboneChecks checks = check_backbone(chain.nucleotides);
  SampleTable::Row row{{"name", sample.name},
                       {"length", std::to_string(sample.length)},
                       {"index", std::to_string(sample.index)},
                       {"seed", std::to_string(config_.seed)},
                       {"steps", std::to_string(config_.steps)},
                       {"model", std::to_string(structure.model)},
                       {"c4_distance", fmt::format("{:.3f}", checks.c4_distance)},
                       {"c4_neighbors", fmt::format("{:.4f}", checks.c4_neighbors)},
                       {"o3_p_distance", fmt::format("{:.3f}", checks.o3_p_distance)},
                       {"bonded", fmt::format("{:.4f}", checks.bonded)},
                       {"bond_deviation", fmt::format("{:.4f}", checks.bond_deviation)},
                       {"clashes", fmt::format("{:.3f}", checks.clashes)},
                       {"radius_of_gyration", fmt::format("{:.3f}", checks.radius_of_gyration)}};
  const std::vector<int> partner = find_base_pairs(chain.nucleotides);
  SuiteCounts suites;
  suites.add(find_suites(chain.nucleotides));
  row["helix_share"] = share_text(describe_secondary_structure(partner).helix_share());
  row["suite_outliers"] = share_text(suites.outlier_share());
  row["suiteness"] = share_text(suites.mean_suiteness());
  if (!sample.partner.empty()) add_pair_agreement(sample.partner, partner, row);
  if (reference_) {
    // Compared residue by residue, so only samples with the length of the reference.
    const bool comparable = reference_->nucleotides.size() == chain.nucleotides.size();
    row["rmsd_to_reference"] =
        comparable ? fmt::format("{:.3f}", superpose(c4_positions(chain), c4_positions(*reference_)).rmsd) : "";
  }
  return row;
}

std::vector<Base> SampleWriter::bases_of(int length) const {
  if (sequences_.empty()) return std::vector<Base>(static_cast<std::size_t>(length), base_of(config_.nucleotide));
  return sequences_.at(length);
}

void SampleWriter::write(const PlannedBatch& batch, const std::vector<SampledBackbone>& backbones, double seconds) {
  const bool as_models = config_.format == "models";
  std::vector<Structure> structures;
  for (std::size_t b = 0; b < backbones.size(); ++b) {
    const PlannedSample& sample = batch.samples[b];
    SampledMolecule molecule = make_molecule(backbones[b], as_models ? batch.name : sample.name, sample.index,
                                             bases_of(batch.length), sample.partner, config_);
    if (!molecule.designs.empty()) write_file(sample.name + ".fasta", designs_as_fasta(sample.name, molecule.designs));
    structures.push_back(std::move(molecule.structure));
    if (as_models) structures.back().model = static_cast<int>(b) + 1;
  }
  const std::string models_file = batch.name + ".cif";
  const std::string models_sha256 = as_models ? write_file(models_file, models_to_mmcif(structures)) : "";

  std::vector<SampleTable::Row> rows;
  for (std::size_t b = 0; b < backbones.size(); ++b) {
    const PlannedSample& sample = batch.samples[b];
    if (has(sample)) continue;
    SampleTable::Row row = checks_of(sample, structures[b]);
    if (as_models) {
      row["file"] = models_file, row["sha256"] = models_sha256;
    } else {
      row["file"] = sample.name + (config_.format == "pdb" ? ".pdb" : ".cif");
      row["sha256"] =
          write_file(row["file"], config_.format == "pdb" ? to_pdb(structures[b]) : to_mmcif(structures[b]));
    }
    if (config_.format == "both") {
      row["pdb_file"] = sample.name + ".pdb";
      row["pdb_sha256"] = write_file(row["pdb_file"], to_pdb(structures[b]));
    }
    rows.push_back(std::move(row));
  }
  samples_->add(rows);

  const double residues = static_cast<double>(batch.length) * static_cast<double>(batch.samples.size());
  timings_->add({{{"batch", batch.name},
                  {"length", std::to_string(batch.length)},
                  {"samples", std::to_string(batch.samples.size())},
                  {"steps", std::to_string(config_.steps)},
                  {"seconds", fmt::format("{:.4f}", seconds)},
                  {"seconds_per_step", fmt::format("{:.6f}", seconds / config_.steps)},
                  {"residues_per_second", fmt::format("{:.1f}", residues / seconds)}}});
}

}  // namespace flashrna
