// flashrna export: writes chains of a dataset as structure files (rna/io/structure_writer), or their base pairs as
// files of secondary structures (rna/pairs/secondary_structure_file).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "cli/commands.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "datasets/filters.h"
#include "datasets/protein_rows.h"
#include "datasets/splits.h"
#include "protein/backbone.h"
#include "protein/io/structure_writer.h"
#include "rna/assembly.h"
#include "rna/backbone.h"
#include "rna/io/structure_writer.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/secondary_structure_file.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

struct ExportSettings {
  std::vector<std::string> chains;
  std::string split, output, format = "cif";
  ChainFilter filter;
  bool overwrite = false, rebuilt = false, one_per_cluster = false;
};

// Indices of the chains that match: id or entry in `names` (empty = all), split equal to `split` (if given), and the
// filter.
std::vector<std::size_t> choose_chains(const DatasetReader& reader, const ExportSettings& settings) {
  const auto& chains = reader.chains();
  for (const std::string& name : settings.chains) {
    const auto is_name = [&](const ChainRecord& chain) { return chain.id == name || chain.entry == name; };
    if (std::ranges::none_of(chains, is_name)) {
      std::vector<std::string> ids;
      for (const ChainRecord& chain : chains) ids.push_back(chain.id);
      const std::string nearest = nearest_name(name, ids);
      fail("{}: no chain or entry \"{}\"{}", reader.path(), name,
           nearest.empty() ? "; flashrna info shows what is in it" : fmt::format("; did you mean \"{}\"?", nearest));
    }
  }
  const std::set<std::string> names(settings.chains.begin(), settings.chains.end());
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const bool named = names.empty() || names.contains(chains[i].id) || names.contains(chains[i].entry);
    const bool in_split = settings.split.empty() || chains[i].split == settings.split;
    if (named && in_split && settings.filter.passes(chains[i])) chosen.push_back(i);
  }
  if (chosen.empty() && settings.filter.min_length <= 1 && settings.filter.max_length == 0)
    fail("{}: no chain has the split \"{}\"; flashrna split assigns them", reader.path(), settings.split);
  if (chosen.empty())
    fail(
        "{}: no chain of those asked for is within --min-length {} and --max-length {}; flashrna info shows the "
        "lengths",
        reader.path(), settings.filter.min_length, settings.filter.max_length);
  return chosen;
}

// The first of every group of chains that share a sequence cluster or a fold (datasets/splits).
std::vector<std::size_t> one_per_cluster(const DatasetReader& reader, const std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> group_of(reader.chains().size());
  const std::vector<SplitGroup> groups = group_chains(reader.chains(), parent_sequences(reader));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::size_t i : groups[g].chains) group_of[i] = g;
  }
  std::set<std::size_t> seen;
  std::vector<std::size_t> firsts;
  for (const std::size_t i : chosen) {
    if (seen.insert(group_of[i]).second) firsts.push_back(i);
  }
  return firsts;
}

// `partner`: the stored partners; if empty, as for rebuilt backbones, rna/pairs/base_pairs.h computes them.
std::string secondary_structure_of(const Structure& structure, const std::vector<int>& partner, const std::string& name,
                                   const std::string& format) {
  SecondaryStructureRecord record{.name = name};
  const Chain chain = join_chains(structure.chains);
  for (const Nucleotide& nucleotide : chain.nucleotides) {
    record.sequence += base_letter(nucleotide.base);
    record.molecule.push_back(nucleotide.chain_in_structure);
  }
  record.partner = partner.empty() ? find_base_pairs(chain.nucleotides) : partner;
  return secondary_structure_text(record, secondary_structure_format("." + format));
}

std::string protein_text(const ChainRecord& record, const ChainRows& rows, const ExportSettings& settings) {
  ProteinStructure structure = protein_structure_of(record, rows);
  if (settings.rebuilt) {
    for (ProteinChain& chain : structure.chains)
      for (ProteinResidue& residue : chain.residues) residue = rebuild_residue(residue);
  }
  return settings.format == "pdb" ? to_pdb(structure) : to_mmcif(structure);
}

std::string structure_text(const DatasetReader& reader, std::size_t index, const ExportSettings& settings) {
  const ChainRows rows = reader.read_rows(index);
  if (reader.polymer() == Polymer::kProtein) return protein_text(reader.chains()[index], rows, settings);
  Structure structure = structure_of(reader.chains()[index], rows);
  if (settings.rebuilt) {
    for (Chain& chain : structure.chains)
      for (Nucleotide& nucleotide : chain.nucleotides) nucleotide = rebuild_nucleotide(nucleotide);
  }
  if (settings.format != "cif" && settings.format != "pdb") {
    const std::vector<int> stored(rows.partner.begin(), rows.partner.end());
    return secondary_structure_of(structure, settings.rebuilt ? std::vector<int>() : stored, reader.chains()[index].id,
                                  settings.format);
  }
  return settings.format == "pdb" ? to_pdb(structure) : to_mmcif(structure);
}

// Replaces characters of identifiers that have a meaning in paths.
std::string without_separators(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '\\') c = '_';
  }
  return name;
}

// The files of the chains. A name that is too long or that another chain already has ends in a hash of the identifier.
std::vector<std::string> paths_of(const DatasetReader& reader, const std::vector<std::size_t>& chosen,
                                  const ExportSettings& settings) {
  constexpr std::size_t kLongestName = 255, kHashDigits = 16, kKept = 200;  // bytes
  std::set<std::string> taken;
  std::vector<std::string> paths;
  for (const std::size_t i : chosen) {
    const std::string& id = reader.chains()[i].id;
    std::string name = without_separators(id);
    if (name.size() + 1 + settings.format.size() > kLongestName || taken.contains(name))
      name = name.substr(0, kKept) + "_" + sha256_hex(id).substr(0, kHashDigits);
    taken.insert(name);
    paths.push_back((fs::path(settings.output) / (name + "." + settings.format)).string());
  }
  return paths;
}

void write_to_stdout(const DatasetReader& reader, const std::vector<std::size_t>& chosen,
                     const ExportSettings& settings) {
  if (settings.format == "pdb" && chosen.size() > 1) {
    fail_usage("{} chains do not fit into one PDB stream; name one with --chains, or write mmCIF", chosen.size());
  }
  if (settings.format == "bpseq" && chosen.size() > 1) {
    fail_usage("{} chains do not fit into one BPSEQ stream; name one with --chains, or write dbn", chosen.size());
  }
  for (const std::size_t i : chosen) std::fputs(structure_text(reader, i, settings).c_str(), stdout);
}

// Returns false if interrupted.
bool write_files(const DatasetReader& reader, const std::vector<std::size_t>& chosen, const ExportSettings& settings,
                 bool quiet) {
  std::error_code reason;
  fs::create_directories(settings.output, reason);
  if (reason) fail("{}: cannot make the folder: {}", settings.output, reason.message());
  const std::vector<std::string> paths = paths_of(reader, chosen, settings);
  for (const std::string& path : paths) {
    if (!settings.overwrite && fs::exists(path)) {
      fail("{}: exists already; pass --overwrite to replace it, or choose another folder", path);
    }
  }
  Progress progress("exporting", "chains", static_cast<std::int64_t>(chosen.size()), quiet);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    if (interrupted()) return false;
    write_file_atomically(paths[k], structure_text(reader, chosen[k], settings));
    progress.advance();
  }
  return true;
}

}  // namespace

int export_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  ExportSettings settings;
  CommonOptions common;
  CommandLine line("export", "Writes chains of a dataset as mmCIF or PDB files, or their base pairs.",
                   "flashrna export rna.h5 --output natives --overwrite\n"
                   "flashrna export rna.h5 --chains 1EHZ --output - > 1ehz.cif\n"
                   "flashrna export rna.h5 --format dbn --output pairs --overwrite");
  line.positional("FILE", files, "a dataset");
  line.option("output", settings.output, "DIR", "folder of the files, one per chain; - for standard output",
              Need::kRequired);
  line.list("chains", settings.chains, "ID...", "identifiers of chains (1EHZ_1_A) or entries (1EHZ); default: all");
  line.option("split", settings.split, "NAME", "only chains of this split: train, validation or test");
  line.option("min-length", settings.filter.min_length, "N", "only chains of at least so many residues");
  line.option("max-length", settings.filter.max_length, "N", "only chains of at most so many; 0 = no limit");
  line.flag("one-per-cluster", settings.one_per_cluster,
            "of those that share a sequence cluster or a fold only the first");
  line.flag("rebuilt", settings.rebuilt,
            "instead of the stored atoms the backbone that each residue's own frame and torsions make");
  line.option("format", settings.format, "NAME",
              "cif or pdb; or of the base pairs of RNA alone dbn (dot-bracket), bpseq or ct");
  line.flag("overwrite", settings.overwrite, "replace files that exist");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  constexpr std::array kFormats = {"cif", "pdb", "dbn", "bpseq", "ct"};
  if (std::ranges::find(kFormats, settings.format) == kFormats.end()) {
    fail_usage("--format \"{}\" is not cif, pdb, dbn, bpseq or ct", settings.format);
  }
  if (!settings.split.empty() && settings.split != "train" && settings.split != "validation" &&
      settings.split != "test") {
    fail_usage("--split \"{}\" is not train, validation or test", settings.split);
  }
  const ChainFilter& filter = settings.filter;
  if (filter.min_length < 1) fail_usage("--min-length {}: must be at least 1", filter.min_length);
  if (filter.max_length != 0 && filter.max_length < filter.min_length)
    fail_usage("--max-length {}: must be at least --min-length, {}, or 0", filter.max_length, filter.min_length);
  const DatasetReader reader(files.at(0));
  const bool is_pairs = settings.format != "cif" && settings.format != "pdb";
  if (is_pairs) reader.require(Polymer::kRna, "--format " + settings.format);
  std::vector<std::size_t> chosen = choose_chains(reader, settings);
  if (settings.one_per_cluster) chosen = one_per_cluster(reader, chosen);
  if (settings.output == "-") {
    write_to_stdout(reader, chosen, settings);
    return 0;
  }
  if (!write_files(reader, chosen, settings, common.quiet)) {
    fmt::print(stderr, "interrupted; {} holds the chains written so far\n", settings.output);
    return interrupted_status();
  }
  Table table({"item", "count"});
  table.add_row({"files", chosen.size()});
  table.print(common.json);
  return 0;
}

}  // namespace flashrna
