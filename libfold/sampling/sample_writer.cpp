#include "libfold/sampling/sample_writer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "libfold/configuration.h"
#include "libfold/design/sample_name.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> sample_columns(const SampleConfig& config, const SampleOutput& output) {
  std::vector<std::string> columns{"name", "length", "index", "seed", "steps", "file", "model", "sha256"};
  if (config.format == "both") columns.insert(columns.end(), {"pdb_file", "pdb_sha256"});
  const std::vector<std::string> measures = output.measure_columns();
  columns.insert(columns.end(), measures.begin(), measures.end());
  return columns;
}

const std::vector<std::string> kTimingColumns{
    "batch", "length", "samples", "steps", "seconds", "seconds_per_step", "residues_per_second"};

bool is_lock(const std::string& name) { return name.starts_with(".samples.") && name.ends_with(".lock"); }

// The numbers of new residues that were drawn, as comments.
std::string drawn_contigs(const std::vector<PlannedBatch>& plan) {
  std::string text;
  for (const PlannedBatch& batch : plan)
    for (const PlannedSample& sample : batch.samples)
      if (!sample.design->contig.empty()) text += fmt::format("# {}: {}\n", sample.name, sample.design->contig);
  return text.empty() ? "" : "\n# Residues of each sample:\n" + text;
}

// The sample or batch that a file of the folder belongs to: of "x_sample_001.cif.123-4.tmp" x_sample_001.
std::string owner_of(std::string file) {
  if (file.ends_with(".tmp")) {
    file.resize(file.size() - 4);
    file = file.substr(0, file.rfind('.'));
  }
  for (const std::string ending : {".trajectory.h5", ".fasta"})
    if (file.ends_with(ending)) file.resize(file.size() - ending.size());
  return sample_stem(file);
}

// Whether `now` asks for the samples of `existing` and for more. False if they are equal, or if neither contains the
// other.
bool asks_for_more(const SampleConfig& existing, const SampleConfig& now) {
  if (existing.lengths.empty() || now.lengths.empty())
    return now.samples > existing.samples && now.lengths == existing.lengths;
  const auto few = parse_molecule_lengths(existing.lengths), many = parse_molecule_lengths(now.lengths);
  return std::ranges::includes(many, few) && now.samples >= existing.samples &&
         (many.size() > few.size() || now.samples > existing.samples);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

}  // namespace

SampleWriter::SampleWriter(const SampleConfig& config, const std::vector<PlannedBatch>& plan, const std::string& folder,
                           const Shard& shard)
    : config_(config), folder_(folder), shard_(shard) {
  config_.validate();
  for (const PlannedBatch& batch : part_of(plan, shard_)) {
    batch_names_.insert(batch.name);
    for (const PlannedSample& sample : batch.samples) sample_names_.insert(sample.name);
  }
  output_ = make_sample_output(config_);
  check_same_run();
  const bool in_use = is_in_use();
  make_folder();
  lock();
  remove_temporary_files();
  check_hashes();
  claim(in_use, plan);
  samples_.emplace(in_folder(shard_.file_name("samples", ".csv")), sample_columns(config_, *output_));
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

void SampleWriter::write_config(const std::vector<PlannedBatch>& plan) const {
  SampleConfig config = config_;
  Configuration configuration;
  config.add_options(configuration);
  write_file_atomically(shard_.file_name(in_folder("config.ini"), ".new.tmp"),
                        configuration.to_ini() + drawn_contigs(plan));
}

// When several parts start in a new folder, the first to link its config.ini decides; the others must have equal
// options. A request for more replaces it; parts that do so at the same time write the same text.
void SampleWriter::claim(bool in_use, const std::vector<PlannedBatch>& plan) const {
  const std::string path = in_folder("config.ini"), mine = shard_.file_name(path, ".new.tmp");
  if (!in_use) {
    write_config(plan);
    std::error_code error;
    if (others_at_work().empty()) fs::remove(path, error);  // left by a run that made no samples
    fs::create_hard_link(mine, path, error);
    if (error && !fs::exists(path)) fs::rename(mine, path);  // a file system without hard links
    fs::remove(mine);
  }
  if (check_same_run()) {
    write_config(plan);
    fs::rename(mine, path);
  }
}

// Removes temporary files of killed runs: "len_00040_sample_001.cif.123-4.tmp". Keeps those of other shards, which may
// be in use.
void SampleWriter::remove_temporary_files() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() != ".tmp" || !entry.is_regular_file()) continue;
    const std::string file = entry.path().filename(), owner = owner_of(file), table = file.substr(0, file.find('.'));
    const bool of_whole =
        is_sample_name(owner) || table == "samples" || table == "timings" || table == "config" || table == "structures";
    const bool of_shard = sample_names_.contains(owner) || batch_names_.contains(owner);
    if (shard_.count == 1 ? of_whole : of_shard) fs::remove(entry.path());
  }
}

SampleTable::Rows SampleWriter::stored_rows(const std::string& stem, const std::vector<std::string>& columns,
                                            const std::set<std::string>& names) const {
  SampleTable::Rows found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string file = entry.path().filename();
    if (!file.starts_with(stem + ".") || !file.ends_with(".csv")) continue;
    for (const auto& [name, row] : SampleTable::read(entry.path(), columns).rows)
      if (names.contains(name)) found[name] = row;
  }
  return found;
}

void SampleWriter::take_over(SampleTable& table, const std::string& stem, const std::set<std::string>& names) const {
  std::vector<SampleTable::Row> rows;
  for (const auto& [name, row] : stored_rows(stem, table.columns(), names))
    if (table.find(name) == nullptr) rows.push_back(row);
  table.add(rows);
}

// Whether existing samples, or a process that makes them, require the folder to keep its config.ini.
bool SampleWriter::is_in_use() const {
  return fs::exists(in_folder("config.ini")) &&
         std::ranges::any_of(fs::directory_iterator(folder_), [](const fs::directory_entry& entry) {
           const std::string name = entry.path().filename();
           const bool is_sample = !name.ends_with(".tmp") && is_sample_name(owner_of(name));
           return is_sample || (is_lock(name) && FileLock::is_held(entry.path()));
         });
}

bool SampleWriter::check_same_run() const {
  const std::string path = in_folder("config.ini");
  if (!fs::exists(path)) return false;
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
  if (!is_in_use()) return false;
  const bool more = asks_for_more(stored_config, config_);
  for (const Configuration::Entry& entry : stored.entries()) {
    const std::string now = present.find(entry.key)->get();
    if (entry.get() == now) continue;
    const bool is_amount = entry.key == "sample.lengths" || entry.key == "sample.samples";
    if (is_amount && more) continue;
    // For files, the hash is compared, not the path.
    const Configuration::Entry* hash = stored.find(entry.key + "_sha256");
    if (hash && !hash->get().empty() && hash->get() == present.find(hash->key)->get()) continue;
    fail("{}: holds the samples of another run: its {} = {}, now {}; give another --output folder{}", folder_,
         entry.key, entry.get(), now, is_amount ? ", or request the same samples and more" : "");
  }
  return more;
}

// A file that was changed after it was written is not replaced, because someone may have changed it on purpose.
void SampleWriter::check_hashes() const {
  std::map<std::string, std::string> hashes;  // by file; with --format models several samples share one
  for (const auto& [name, row] : stored_rows("samples", sample_columns(config_, *output_), sample_names_)) {
    hashes[row.at("file")] = row.at("sha256");
    if (config_.format == "both") hashes[row.at("pdb_file")] = row.at("pdb_sha256");
  }
  std::vector<std::string> damaged;
  for (const auto& [file, sha256] : hashes)
    if (fs::exists(in_folder(file)) && sha256_hex(bytes_of(in_folder(file))) != sha256) damaged.push_back(file);
  if (damaged.empty()) return;
  constexpr std::size_t kNamed = 5;
  const std::size_t more = damaged.size() - std::min(damaged.size(), kNamed);
  damaged.resize(damaged.size() - more);
  fail(
      "{}: {}{} changed since {} written (another SHA-256 than in samples.csv); remove the damaged file{} to have {} "
      "made again, or give another --output folder",
      folder_, fmt::join(damaged, ", "), more > 0 ? fmt::format(" and {} more", more) : "",
      damaged.size() > 1 ? "they were" : "it was", damaged.size() > 1 ? "s" : "", damaged.size() > 1 ? "them" : "it");
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

SampleTable::Row SampleWriter::row_of(const PlannedSample& sample, int model, SampleTable::Row measures) const {
  SampleTable::Row row = std::move(measures);
  row["name"] = sample.name;
  row["length"] = std::to_string(sample.length());
  row["index"] = std::to_string(sample.index);
  row["seed"] = std::to_string(config_.seed);
  row["steps"] = std::to_string(config_.steps);
  row["model"] = std::to_string(model);
  return row;
}

// Those of the batch that are not in the file of an earlier, smaller batch.
std::vector<std::size_t> SampleWriter::places_of_new_models(const PlannedBatch& batch) const {
  std::vector<std::size_t> places;
  for (std::size_t b = 0; b < batch.samples.size(); ++b) {
    const bool is_earlier = has(batch.samples[b]) && row(batch.samples[b]).at("file") != batch.name + ".cif";
    if (!is_earlier) places.push_back(b);
  }
  return places;
}

void SampleWriter::write(const PlannedBatch& batch, const std::vector<SampledBackbone>& backbones, double seconds) {
  const std::unique_ptr<FinishedSamples> finished = output_->finish(batch, backbones);
  for (std::size_t b = 0; b < backbones.size(); ++b)
    if (const std::string fasta = finished->fasta(b); !fasta.empty())
      write_file(batch.samples[b].name + ".fasta", fasta);
  const std::vector<std::size_t> models =
      config_.format == "models" ? places_of_new_models(batch) : std::vector<std::size_t>();
  std::string models_file, models_sha256;
  if (!models.empty()) {
    const std::string name = batch_name(batch.samples[models.front()].name, batch.samples[models.back()].name);
    models_file = name + ".cif";
    models_sha256 = write_file(models_file, finished->models_mmcif(name, models));
  }

  std::vector<SampleTable::Row> rows;
  for (std::size_t b = 0; b < backbones.size(); ++b) {
    const PlannedSample& sample = batch.samples[b];
    if (has(sample)) continue;
    const auto model = std::ranges::find(models, b);
    SampleTable::Row row =
        row_of(sample, model == models.end() ? 1 : static_cast<int>(model - models.begin()) + 1, finished->measures(b));
    if (model != models.end()) {
      row["file"] = models_file, row["sha256"] = models_sha256;
    } else {
      row["file"] = sample.name + (config_.format == "pdb" ? ".pdb" : ".cif");
      row["sha256"] = write_file(row["file"], config_.format == "pdb" ? finished->pdb(b) : finished->mmcif(b));
    }
    if (config_.format == "both") {
      row["pdb_file"] = sample.name + ".pdb";
      row["pdb_sha256"] = write_file(row["pdb_file"], finished->pdb(b));
    }
    rows.push_back(std::move(row));
  }
  samples_->add(rows);

  const auto residues = static_cast<double>(batch.residues());
  timings_->add({{{"batch", batch.name},
                  {"length", std::to_string(batch.longest())},
                  {"samples", std::to_string(batch.samples.size())},
                  {"steps", std::to_string(config_.steps)},
                  {"seconds", fmt::format("{:.4f}", seconds)},
                  {"seconds_per_step", fmt::format("{:.6f}", seconds / config_.steps)},
                  {"residues_per_second", fmt::format("{:.1f}", residues / seconds)}}});
}

}  // namespace flashrna
