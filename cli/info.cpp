#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/polymer_option.h"
#include "cli/shipped_weights.h"
#include "cli/table.h"
#include "datasets/chain_pairs.h"
#include "datasets/dataset_reader.h"
#include "datasets/dataset_summary.h"
#include "datasets/hdf5/file.h"
#include "datasets/polymer_name.h"
#include "datasets/schema.h"
#include "datasets/splits.h"
#include "protein/io/structure_reader.h"
#include "rna/assembly.h"
#include "rna/io/structure_reader.h"
#include "rna/measure/suites.h"
#include "rna/pairs/dot_bracket.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBarWidth = 40;
constexpr std::size_t kRowsShown = 12;
constexpr std::size_t kLongestShown = 500;                  // nucleotides in a printed dot-bracket
constexpr const char* kWeightsFormat = "flashrna-weights";  // the same as in libfold/checkpoint.h, which needs torch

void add_histogram(Table& table, const std::vector<int>& lengths) {
  const std::vector<LengthBin> bins = length_histogram(lengths);
  int most = 1;
  for (const LengthBin& bin : bins) most = std::max(most, bin.count);
  for (const LengthBin& bin : bins) {
    const int width = (bin.count * kBarWidth + most - 1) / most;
    table.add_row({fmt::format("length {}-{}", bin.first, bin.last),
                   fmt::format("{:>6} {}", bin.count, std::string(static_cast<std::size_t>(width), '#'))});
  }
}

Json histogram_json(const std::vector<int>& lengths) {
  Json bins = Json::array();
  for (const LengthBin& bin : length_histogram(lengths)) {
    bins.push_back({{"first", bin.first}, {"last", bin.last}, {"chains", bin.count}});
  }
  return bins;
}

// "RNA 30, DNA/RNA hybrid 2", the most frequent first.
std::string counts_text(const Counts& counts) {
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [name, count] : sorted) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name.empty() ? "unknown" : name, count);
  }
  return text;
}

// The path of weights if `given` is their name and no file.
std::string file_or_weights(const std::string& given) {
  if (std::filesystem::exists(given)) return given;
  for (const FoundWeights& weights : find_weights_files(weights_folders()))
    if (weights.name == given) return weights.path;
  return given;
}

// ---- Datasets ----

std::string resolution_text(const DatasetSummary& summary) {
  const Spread& known = summary.resolution;
  if (known.count == 0) return "unknown";
  return fmt::format("{:.2f} to {:.2f} Å, median {:.2f}; unknown for {} chains", known.lowest, known.highest,
                     known.median, summary.lengths.size() - known.count);
}

// Fraction of the nucleotides; 0 without nucleotides.
double in_helices(const DatasetReader& reader, const DatasetSummary& summary) {
  return static_cast<double>(summary.in_helices) /
         static_cast<double>(std::max<std::int64_t>(1, reader.residue_count()));
}

void print_dataset_table(const DatasetReader& reader, const DatasetSummary& summary) {
  Table table({"item", "value"});
  table.add_row({"file", reader.path()});
  table.add_row({"format", fmt::format("{} version {}, written by flashrna {}", kDatasetFormat, reader.version(),
                                       reader.program_version())});
  table.add_row({"source", reader.source()});
  table.add_row({"options", reader.options()});
  table.add_row(
      {"chains", fmt::format("{} from {} entries; --chains 1 lists them", summary.lengths.size(), summary.entries)});
  const bool rna = reader.polymer() == Polymer::kRna;
  table.add_row({rna ? "nucleotides" : "amino acids",
                 fmt::format("{}; {} modified, {} left out without a frame", reader.residue_count(), summary.modified,
                             summary.without_frame)});
  if (rna) {
    table.add_row({"in helices", fmt::format("{:.1f} % of the nucleotides", 100.0 * in_helices(reader, summary))});
    table.add_row(
        {"base pairs by", reader.pair_rule().empty() ? "a rule that the file does not name" : reader.pair_rule()});
  }
  table.add_row({"breaks", fmt::format("{} in {} chains", summary.breaks, summary.broken_chains)});
  table.add_row({"kinds", counts_text(summary.kinds)});
  table.add_row({"methods", counts_text(summary.methods)});
  table.add_row({"resolution", resolution_text(summary)});
  table.add_row({"splits", counts_text(summary.splits)});
  if (const std::string held_out = describe_held_out(reader.chains()); !held_out.empty())
    table.add_row({"held out", held_out});
  table.add_row({"rejected", summary.rejected.empty() ? "none" : counts_text(summary.rejected)});
  table.add_row({"length", fmt::format("{} to {} {}, median {}", summary.length.lowest, summary.length.highest,
                                       residue_unit(reader.polymer()), summary.length.median)});
  add_histogram(table, summary.lengths);
  table.print(false);
}

Json dataset_json(const DatasetReader& reader, const DatasetSummary& summary) {
  Json json = {{"file", reader.path()},
               {"format", kDatasetFormat},
               {"version", reader.version()},
               {"polymer", traits_of(reader.polymer()).name},
               {"program_version", reader.program_version()},
               {"source", reader.source()},
               {"options", reader.options()},
               {"chains", summary.lengths.size()},
               {"entries", summary.entries},
               {"residues", reader.residue_count()},
               {"modified", summary.modified},
               {"without_frame", summary.without_frame},
               {"breaks", summary.breaks},
               {"chains_with_breaks", summary.broken_chains},
               {"molecule_kinds", summary.kinds},
               {"methods", summary.methods},
               {"splits", summary.splits},
               {"held_out", describe_held_out(reader.chains())},
               {"rejected", summary.rejected},
               {"length_histogram", histogram_json(summary.lengths)}};
  if (reader.polymer() == Polymer::kRna) {
    json["paired_share"] = in_helices(reader, summary);
    json["pair_rule"] = reader.pair_rule();
  }
  json["resolution"] = nullptr;
  if (summary.resolution.count > 0) {
    const Spread& known = summary.resolution;
    json["resolution"] = {{"lowest", known.lowest}, {"median", known.median}, {"highest", known.highest}};
  }
  return json;
}

// Prints one page of the table of chains, starting at chain `first` (from 1).
void print_chains(const DatasetReader& reader, int first, bool as_json) {
  constexpr std::size_t kPage = 50;
  const std::vector<ChainRecord>& chains = reader.chains();
  if (first < 1 || static_cast<std::size_t>(first) > chains.size()) {
    fail_usage("--chains {}: {} has the chains 1 to {}", first, reader.path(), chains.size());
  }
  const std::size_t begin = static_cast<std::size_t>(first) - 1, end = std::min(begin + kPage, chains.size());
  Table table({"chain", "id", "kind", "length", "breaks", "modified", "resolution", "split", "cluster", "source"});
  for (std::size_t i = begin; i < end; ++i) {
    const ChainRecord& chain = chains[i];
    table.add_row({i + 1, chain.id, chain.molecule_kind, chain.length, chain.n_breaks, chain.n_modified,
                   chain.resolution > 0 ? Table::Cell(chain.resolution, 3) : Table::Cell(),
                   chain.split.empty() ? Table::Cell() : Table::Cell(chain.split),
                   chain.sequence_cluster < 0 ? Table::Cell() : Table::Cell(chain.sequence_cluster),
                   chain.source_file});
  }
  table.print(as_json);
  if (end < chains.size() && !as_json) {
    fmt::print(stderr, "chains {} to {} of {}; the next: --chains {}\n", first, end, chains.size(), end + 1);
  }
}

// ---- Checkpoints ----

// Parameter counts by group; the tensors themselves are not read.
struct ParameterGroup {
  std::size_t tensors = 0;
  std::uint64_t parameters = 0;
};

// Groups tensors by the first component of their names, "trunk", or with `blocks` by the first two: "trunk.ipa_0".
std::map<std::string, ParameterGroup> parameter_groups(const Hdf5Group& weights, bool blocks) {
  std::map<std::string, ParameterGroup> groups;
  for (const std::string& name : weights.names()) {
    const std::size_t first_dot = name.find('.');
    ParameterGroup& group = groups[name.substr(0, blocks ? name.find('.', first_dot + 1) : first_dot)];
    ++group.tensors;
    group.parameters += weights.open_dataset(name).size();
  }
  return groups;
}

// Adds the sections of an INI text to the table, several values per row of about 90 characters. Omits the comments that
// explain the keys.
void add_configuration(Table& table, const std::string& ini) {
  constexpr std::size_t kRowWidth = 90;
  std::string section, values;
  auto finish_row = [&] {
    if (!values.empty()) table.add_row({section, values});
    values.clear();
  };
  std::istringstream lines(ini);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      finish_row();
      section = line;
      continue;
    }
    if (values.size() + line.size() > kRowWidth) finish_row();
    values += (values.empty() ? "" : ", ") + line;
  }
  finish_row();
}

// Whether the checkpoint has averaged weights, which a sampler uses by default.
bool has_average(const Hdf5Group& root) {
  return root.text("format") == kWeightsFormat ? root.integer("averaged") != 0 : root.has("ema");
}

// The metadata of a weights file (libfold/weights_file.h).
std::vector<std::pair<std::string, std::string>> notes_of(const Hdf5Group& root) {
  std::vector<std::pair<std::string, std::string>> notes;
  if (root.text("format") != kWeightsFormat) return notes;
  for (const char* name : {"program_version", "data", "dataset_sha256", "license", "description"})
    notes.emplace_back(name, root.text(name));
  return notes;
}

void print_checkpoint(const Hdf5File& file, bool as_json) {
  const Hdf5Group root = file.root();
  const auto groups = parameter_groups(root.open_group("weights"), as_json);
  std::uint64_t parameters = 0;
  for (const auto& [name, group] : groups) parameters += group.parameters;
  const std::string configuration = root.text("configuration");
  const auto notes = notes_of(root);
  if (as_json) {
    Json modules = Json::object();
    for (const auto& [name, group] : groups) {
      modules[name] = {{"tensors", group.tensors}, {"parameters", group.parameters}};
    }
    Json json = {
        {"file", file.path()},          {"format", root.text("format")},       {"version", root.integer("version")},
        {"step", root.integer("step")}, {"epoch", root.integer("epoch")},      {"best_loss", root.number("best_loss")},
        {"parameters", parameters},     {"moving_average", has_average(root)}, {"modules", modules}};
    for (const auto& [name, text] : notes) json[name] = text;
    json["structure_grammar"] = nullptr;
    if (root.has_attribute("structure_grammar")) {
      const Json grammar = Json::parse(root.text("structure_grammar"), nullptr, false);
      if (!grammar.is_discarded()) json["structure_grammar"] = grammar;
    }
    json["configuration"] = configuration;
    print_json(json);
    return;
  }
  Table table({"item", "value"});
  table.add_row({"file", file.path()});
  table.add_row({"format", fmt::format("{} version {}", root.text("format"), root.integer("version"))});
  table.add_row({"step", root.integer("step")});
  table.add_row({"epoch", root.integer("epoch")});
  table.add_row({"best loss", {root.number("best_loss"), 5}});
  if (root.has_attribute("longest_chain_length"))
    table.add_row({"longest training chain",
                   fmt::format("{}, {} residues", root.text("longest_chain"), root.integer("longest_chain_length"))});
  table.add_row({"parameters", parameters});
  table.add_row({"moving average", has_average(root)});
  table.add_row({"structure grammar", root.has_attribute("structure_grammar")});
  for (const auto& [name, text] : notes)
    if (!text.empty()) table.add_row({name, text});
  for (const auto& [name, group] : groups) {
    table.add_row({name, fmt::format("{} in {} tensors", group.parameters, group.tensors)});
  }
  add_configuration(table, configuration);
  table.print(false);
}

// ---- Structure files ----

// Base pairs and backbone conformers, summed over all chains.
struct ShownPairs {
  std::vector<Nucleotide> nucleotides;
  std::vector<int> partner;
  SecondaryStructure structure;
  std::string dot_bracket;  // `&` between chains
  std::vector<Suite> suites;
  SuiteCounts counts;
};

ShownPairs find_shown_pairs(const Structure& structure) {
  ShownPairs shown;
  if (structure.chains.empty()) return shown;
  shown.nucleotides = join_chains(structure.chains).nucleotides;
  std::vector<int> molecule;
  for (const Nucleotide& nucleotide : shown.nucleotides) molecule.push_back(nucleotide.chain_in_structure);
  shown.partner = base_pairs_of(shown.nucleotides);  // as convert stores them
  shown.structure = describe_secondary_structure(shown.partner, molecule);
  shown.dot_bracket = to_dot_bracket(shown.partner, molecule);
  shown.suites = find_suites(shown.nucleotides);
  shown.counts.add(shown.suites);
  return shown;
}

void add_pairs(Table& table, const ShownPairs& shown) {
  if (shown.nucleotides.empty()) return;
  const auto pairs = std::ranges::count_if(shown.partner, [](int p) { return p >= 0; }) / 2;
  const auto helices = std::ranges::count_if(shown.structure.stems, &Stem::is_helix);
  table.add_row({"base pairs", fmt::format("{}; {:.1f} % of the nucleotides in {} helices", pairs,
                                           100.0 * shown.structure.helix_share(), helices)});
  table.add_row({"suites", shown.counts.complete == 0
                               ? "none complete"
                               : fmt::format("{}; {:.1f} % outliers, suiteness {:.2f}, {:.1f} % 1a",
                                             shown.counts.complete, 100.0 * shown.counts.outlier_share(),
                                             shown.counts.mean_suiteness(), 100.0 * shown.counts.share("1a"))});
  table.add_row({"dot-bracket",
                 shown.nucleotides.size() <= kLongestShown
                     ? shown.dot_bracket
                     : fmt::format("{} nt are more than a screen holds; --json shows it", shown.nucleotides.size())});
}

Json residues_json(const ShownPairs& shown, const Structure& structure) {
  Json residues = Json::array();
  for (std::size_t i = 0; i < shown.nucleotides.size(); ++i) {
    const Nucleotide& nucleotide = shown.nucleotides[i];
    Json residue = {
        {"chain", structure.chains[static_cast<std::size_t>(nucleotide.chain_in_structure)].id},
        {"number", nucleotide.seq_id},
        {"insertion_code", std::string(nucleotide.insertion_code == ' ' ? 0 : 1, nucleotide.insertion_code)},
        {"name", nucleotide.name},
        {"partner", shown.partner[i] < 0 ? Json(nullptr) : Json(shown.partner[i])},
        {"suite", nullptr},
        {"suiteness", nullptr}};
    if (shown.suites[i].is_complete()) {
      residue["suite"] = std::string(shown.suites[i].name);
      residue["suiteness"] = shown.suites[i].suiteness;
    }
    residues.push_back(std::move(residue));
  }
  return residues;
}

Json suites_json(const SuiteCounts& counts) {
  Json json = {{"complete", counts.complete}, {"incomplete", counts.incomplete}, {"outliers", counts.outliers}};
  json["suiteness"] = counts.complete > 0 ? Json(counts.mean_suiteness()) : Json(nullptr);
  json["conformers"] = Json::object();
  for (const auto& [name, count] : counts.of_name) json["conformers"][std::string(name)] = count;
  return json;
}

int length_of(const Chain& chain) { return static_cast<int>(chain.nucleotides.size()); }
int length_of(const ProteinChain& chain) { return static_cast<int>(chain.residues.size()); }

// Adds the entry and its chains, of RNA or protein. `unit`: of lengths.
template <typename Whole>
void add_entry(const Whole& structure, const std::string& path, const char* unit, Table& table, Json& json) {
  json = {{"file", path},
          {"entry", structure.entry},
          {"model", structure.model},
          {"models", structure.n_models},
          {"method", structure.method},
          {"resolution", structure.resolution},
          {"release_date", structure.release_date},
          {"chains", Json::array()}};
  table.add_row({"file", path});
  table.add_row({"entry", structure.entry});
  table.add_row({"model", structure.n_models == 1 ? fmt::format("{}", structure.model)
                                                  : fmt::format("{}, of {} in the file; --model N shows another",
                                                                structure.model, structure.n_models)});
  table.add_row({"method", structure.method.empty() ? "unknown" : structure.method});
  table.add_row({"resolution", structure.resolution > 0 ? fmt::format("{:.2f} Å", structure.resolution) : "unknown"});
  table.add_row({"date", structure.release_date.empty() ? "unknown" : structure.release_date});
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    const auto& chain = structure.chains[i];
    json["chains"].push_back({{"chain", chain.id},
                              {"molecule_kind", chain.molecule_kind},
                              {"length", length_of(chain)},
                              {"without_frame", chain.n_without_frame},
                              {"modified", chain.n_modified},
                              {"breaks", chain.n_breaks()},
                              {"sequence", chain.sequence()}});
    if (i >= kRowsShown) continue;
    table.add_row({"chain " + chain.id,
                   fmt::format("{}, {} {}, {} modified, {} without a frame, {} breaks", chain.molecule_kind,
                               length_of(chain), unit, chain.n_modified, chain.n_without_frame, chain.n_breaks())});
  }
  if (structure.chains.size() > kRowsShown) table.add_row({"more chains", structure.chains.size() - kRowsShown});
}

// Adds the chains that are left out, and the lengths of the others. The last part.
template <typename Whole>
void add_rest(const Whole& structure, Table& table, Json& json) {
  Counts rejected;
  json["rejected"] = Json::array();
  for (const RejectedChain& chain : structure.rejected) {
    ++rejected[chain.reason];
    json["rejected"].push_back({{"chain", chain.id}, {"reason", chain.reason}, {"detail", chain.detail}});
  }
  table.add_row({"other chains", rejected.empty() ? "none" : counts_text(rejected)});
  for (std::size_t i = 0; i < std::min(structure.rejected.size(), kRowsShown); ++i) {
    const RejectedChain& chain = structure.rejected[i];
    table.add_row({"left out " + chain.id, chain.reason + ": " + chain.detail});
  }
  if (structure.rejected.size() > kRowsShown) {
    table.add_row({"more left out", fmt::format("{}; --json shows all", structure.rejected.size() - kRowsShown)});
  }
  std::vector<int> lengths;
  for (const auto& chain : structure.chains) lengths.push_back(length_of(chain));
  add_histogram(table, lengths);
  json["length_histogram"] = histogram_json(lengths);
}

void print_structure(const Structure& structure, const std::string& path, bool as_json) {
  Table table({"item", "value"});
  Json json;
  add_entry(structure, path, "nt", table, json);
  const ShownPairs pairs = find_shown_pairs(structure);
  add_pairs(table, pairs);
  json["dot_bracket"] = pairs.dot_bracket;
  json["paired_share"] = pairs.nucleotides.empty() ? Json(nullptr) : Json(pairs.structure.helix_share());
  json["suites"] = suites_json(pairs.counts);
  json["residues"] = residues_json(pairs, structure);
  add_rest(structure, table, json);
  if (!as_json) return table.print(false);
  print_json(json);
}

void print_protein(const ProteinStructure& structure, const std::string& path, bool as_json) {
  Table table({"item", "value"});
  Json json;
  add_entry(structure, path, "aa", table, json);
  add_rest(structure, table, json);
  if (!as_json) return table.print(false);
  print_json(json);
}

// Whether the HDF5 file is marked as a checkpoint or weights. Any other file is left to DatasetReader.
bool is_checkpoint(const Hdf5Group& root) {
  const std::string format = root.has_attribute("format") ? root.text("format") : "";
  return format == "flashrna-checkpoint" || format == kWeightsFormat;
}

}  // namespace

int info_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  ReadOptions read_options;
  int first_chain = 0;
  std::string polymer = "rna";
  CommonOptions common;
  CommandLine line("info", "Shows a dataset, a checkpoint or a structure file in a screenful.",
                   "flashrna info rna.h5\nflashrna info structures/1ehz.cif --json");
  line.positional("FILE", files, "an .h5 file of flashrna, weights by name, or a PDB or mmCIF file (also .gz)");
  line.option("model", read_options.model, "N", "which model of a structure file, from 1");
  line.option("polymer", polymer, "WORD", "of a structure file: the chains to show, rna or protein");
  line.option("chains", first_chain, "FIRST", "list 50 chains of a dataset, from this one on; the first is 1");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  const std::string path = file_or_weights(files.at(0));
  const auto check_no_chains = [&](const char* what) {
    if (line.given("chains")) fail_usage("--chains lists the chains of a dataset; {} is {}", path, what);
  };
  if (is_structure_file_name(std::filesystem::path(path).filename().string())) {
    check_no_chains("a structure file, whose chains are shown without it");
    if (parse_polymer(polymer) == Polymer::kProtein) {
      print_protein(read_protein_structure(path, read_options), path, common.json);
    } else {
      print_structure(read_structure(path, read_options), path, common.json);
    }
    return 0;
  }
  if (line.given("polymer")) fail_usage("--polymer is of structure files; {} says itself what it holds", path);
  const Hdf5File file = Hdf5File::open(path);
  if (is_checkpoint(file.root())) {
    check_no_chains("a checkpoint");
    print_checkpoint(file, common.json);
    return 0;
  }
  const DatasetReader reader(path);
  if (line.given("chains")) {
    print_chains(reader, first_chain, common.json);
    return 0;
  }
  const DatasetSummary summary = summarize_dataset(reader);
  if (common.json) {
    print_json(dataset_json(reader, summary));
  } else {
    print_dataset_table(reader, summary);
  }
  return 0;
}

}  // namespace flashrna
