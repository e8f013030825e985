#include "libfold/evaluation/structure_set.h"

#include <filesystem>
#include <new>
#include <optional>

#include "base/error.h"
#include "datasets/archive_reader.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "datasets/source_files.h"
#include "datasets/splits.h"
#include "libfold/evaluation/ordered_pipeline.h"
#include "rna/assembly.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// What one thread extracts from one file or one chain of a dataset.
struct Measured {
  std::vector<MeasuredStructure> structures;
  MeasuredValues values = no_values();
  std::vector<std::array<float, 2>> eta_theta;
  std::vector<LeftOut> unreadable, without_rna, too_short;
};

void measure_into(const std::string& name, const std::vector<Nucleotide>& nucleotides, const ReadSetOptions& options,
                  Measured& measured) {
  if (nucleotides.size() < static_cast<std::size_t>(kShortestStructure)) {
    measured.too_short.push_back(
        {name, fmt::format("{} nucleotide{} with C3', C4' and O4'; at least {} are needed", nucleotides.size(),
                           nucleotides.size() == 1 ? "" : "s", kShortestStructure)});
    return;
  }
  MeasuredStructure structure;
  structure.name = name;
  structure.measures = measure_structure(nucleotides);
  // By the two-atom rule also where bases are there, as in natives: samples have none, and both sides must be compared
  // by one rule.
  structure.partner = find_base_pairs(nucleotides);
  structure.pairs = measure_pairs(nucleotides, structure.partner);
  for (const Nucleotide& nucleotide : nucleotides) structure.c3.push_back(nucleotide.atoms[kC3]);
  if (options.keep_backbones) structure.backbone = StoredBackbone::of(nucleotides);
  add_values(nucleotides, structure.pairs, measured.values);
  const auto pairs = eta_theta_pairs(nucleotides);
  measured.eta_theta.insert(measured.eta_theta.end(), pairs.begin(), pairs.end());
  measured.structures.push_back(std::move(structure));
}

// Why a readable structure has no RNA: the reason of its first chain.
std::string no_rna_reason(const Structure& structure) {
  if (structure.rejected.empty()) return "no polymer chain";
  const RejectedChain& first = structure.rejected.front();
  return fmt::format("no RNA; chain \"{}\" is left out: {}", first.id, first.reason);
}

void measure_model(const Structure& structure, const std::string& file, const ReadSetOptions& options,
                   Measured& measured) {
  const std::string name = structure.n_models > 1 && options.unit == StructureUnit::kModel
                               ? fmt::format("{}#{}", file, structure.model)
                               : file;
  if (structure.chains.empty()) {
    measured.without_rna.push_back({name, no_rna_reason(structure)});
  } else if (options.unit == StructureUnit::kModel) {
    const Chain chain = structure.chains.size() == 1 ? structure.chains.front() : join_chains(structure.chains);
    measure_into(name, chain.nucleotides, options, measured);
  } else {
    for (const Chain& chain : structure.chains) {
      measure_into(structure.chains.size() > 1 ? name + "/" + chain.id : name, chain.nucleotides, options, measured);
    }
  }
}

Measured measure_file(SourceFile&& source, const ReadSetOptions& options) {
  Measured measured;
  const std::string name = source.name;
  try {
    const std::string bytes = read_source(std::move(source), kMaxUnpackedBytes);
    int n_models = 1;
    for (int model = 1; model <= n_models; ++model) {
      const Structure structure = read_structure_from_memory(bytes, name, {model, kMaxUnpackedBytes});
      if (options.unit == StructureUnit::kModel) n_models = structure.n_models;
      measure_model(structure, name, options, measured);
    }
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    measured = {};  // a file with an error contributes nothing
    std::string message = error.what();
    if (message.starts_with(name + ": ")) message = message.substr(name.size() + 2);
    measured.unreadable.push_back({name, message});
  }
  return measured;
}

void append(std::vector<LeftOut>& to, std::vector<LeftOut>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void collect(Measured&& measured, StructureSet& set) {
  for (MeasuredStructure& structure : measured.structures) set.structures.push_back(std::move(structure));
  for (std::size_t k = 0; k < set.values.size(); ++k) {
    set.values[k].insert(set.values[k].end(), measured.values[k].begin(), measured.values[k].end());
  }
  set.eta_theta.insert(set.eta_theta.end(), measured.eta_theta.begin(), measured.eta_theta.end());
  append(set.unreadable, std::move(measured.unreadable));
  append(set.without_rna, std::move(measured.without_rna));
  append(set.too_short, std::move(measured.too_short));
}

void check_any(const StructureSet& set, const std::string& where) {
  if (!set.structures.empty()) return;
  if (set.files == 0) {
    fail("{}: no file to measure; {} PDB file{} left out, each the twin of an mmCIF file beside it", where,
         set.pdb_twins, set.pdb_twins == 1 ? "" : "s");
  }
  const auto first = !set.unreadable.empty()    ? set.unreadable
                     : !set.without_rna.empty() ? set.without_rna
                                                : set.too_short;
  fail(
      "{}: no RNA structure to measure in {} file{}: {} unreadable, {} without RNA, {} shorter than {} nt; the first "
      "is {}: {}",
      where, set.files, set.files == 1 ? "" : "s", set.unreadable.size(), set.without_rna.size(), set.too_short.size(),
      kShortestStructure, first.front().name, first.front().reason);
}

StructureSet read_dataset(const std::string& path, const ReadSetOptions& options, const Watch& watch) {
  const DatasetReader reader(path);
  std::vector<std::size_t> chains;
  for (std::size_t i = 0; i < reader.chains().size(); ++i) {
    if (options.split.empty() || reader.chains()[i].split == options.split) chains.push_back(i);
  }
  if (chains.empty()) fail("{}: no chain has the split \"{}\"; flashrna info {} shows them", path, options.split, path);
  StructureSet set;
  set.files = 1;
  if (options.split != kSplitNames[0]) set.held_out = describe_held_out(reader.chains());
  std::size_t next = 0, done = 0;
  run_in_order<std::size_t, Measured>(
      options.threads,
      [&]() -> std::optional<std::size_t> {
        if (next == chains.size() || watch.stopped()) return std::nullopt;
        return chains[next++];
      },
      [&](std::size_t chain) {
        Measured measured;
        const std::string& name = reader.chains()[chain].id;
        try {
          measure_into(name, nucleotides_of(reader.read_rows(chain)), options, measured);
        } catch (const Error& error) {
          fail("{}: chain {}: {}", path, name, error.what());
        }
        return measured;
      },
      [&](Measured&& measured) {
        collect(std::move(measured), set);
        watch.report(++done, chains.size());
      });
  if (!watch.stopped()) check_any(set, path);
  return set;
}

}  // namespace

StoredBackbone StoredBackbone::of(std::span<const Nucleotide> nucleotides) {
  StoredBackbone backbone;
  for (const Nucleotide& nucleotide : nucleotides) {
    auto& atoms = backbone.atoms.emplace_back();
    for (std::size_t slot = 0; slot < static_cast<std::size_t>(kBackboneAtoms); ++slot) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        atoms[3 * slot + axis] = static_cast<float>(nucleotide.atoms[slot][static_cast<Eigen::Index>(axis)]);
      }
    }
    backbone.masks.push_back(static_cast<std::uint16_t>(nucleotide.atom_mask & ((1u << kBackboneAtoms) - 1u)));
    backbone.residue_index.push_back(nucleotide.residue_index);
    backbone.bases.push_back(static_cast<std::uint8_t>(nucleotide.base));
    backbone.chain.push_back(static_cast<std::uint16_t>(nucleotide.chain_in_structure));
  }
  return backbone;
}

std::vector<Nucleotide> StoredBackbone::nucleotides() const {
  std::vector<Nucleotide> nucleotides(size());
  for (std::size_t i = 0; i < size(); ++i) {
    Nucleotide& nucleotide = nucleotides[i];
    nucleotide.base = static_cast<Base>(bases[i]);
    nucleotide.name = base_letter(nucleotide.base);
    nucleotide.seq_id = static_cast<int>(i) + 1;
    nucleotide.residue_index = residue_index[i];
    nucleotide.chain_in_structure = chain[i];
    for (int slot = 0; slot < kBackboneAtoms; ++slot) {
      const float* at = &atoms[i][3 * static_cast<std::size_t>(slot)];
      if ((masks[i] >> slot & 1u) != 0) nucleotide.set(slot, Vec3(at[0], at[1], at[2]));
    }
  }
  return nucleotides;
}

std::vector<Vec3> StoredBackbone::positions(int slot) const {
  std::vector<Vec3> positions;
  for (const auto& residue : atoms) {
    const float* at = &residue[3 * static_cast<std::size_t>(slot)];
    positions.emplace_back(at[0], at[1], at[2]);
  }
  return positions;
}

// Whether an mmCIF file with the same name lies beside this PDB file, as after `flashrna sample --format both`.
static bool stands_beside_mmcif(const std::string& path) {
  const std::string whole = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
  if (!whole.ends_with(".pdb")) return false;
  const std::string stem = whole.substr(0, whole.size() - 4);
  std::error_code ignored;
  return fs::exists(stem + ".cif", ignored) || fs::exists(stem + ".cif.gz", ignored);
}

std::int64_t StructureSet::residues() const {
  std::int64_t sum = 0;
  for (const MeasuredStructure& structure : structures) sum += structure.measures.residues;
  return sum;
}

StructureSet read_structure_files(const std::vector<std::string>& inputs, const ReadSetOptions& options,
                                  const Watch& watch) {
  SourceFiles sources(inputs, kMaxUnpackedBytes);
  StructureSet set;
  std::size_t pdb_twins = 0;
  run_in_order<SourceFile, Measured>(
      options.threads,
      [&]() -> std::optional<SourceFile> {
        while (!watch.stopped()) {
          std::optional<SourceFile> source = sources.next();
          if (!source || source->is_named || !stands_beside_mmcif(source->path)) return source;
          ++pdb_twins;
        }
        return std::nullopt;
      },
      [&](SourceFile&& source) { return measure_file(std::move(source), options); },
      [&](Measured&& measured) {
        collect(std::move(measured), set);
        ++set.files;
        watch.report(set.files, 0);
      });
  set.skipped_files = sources.skipped();
  set.pdb_twins = pdb_twins;
  if (!watch.stopped()) check_any(set, inputs.size() == 1 ? inputs.front() : fmt::format("{} inputs", inputs.size()));
  return set;
}

StructureSet read_reference(const std::string& path, const ReadSetOptions& options, const Watch& watch) {
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    fail("{}: no such file or folder; a reference is a dataset (.h5) or structures", path);
  const std::string name = fs::path(path).filename().string();
  const bool structures = fs::is_directory(path, ignored) || is_structure_file_name(name) || is_archive_file_name(name);
  if (!structures) return read_dataset(path, options, watch);
  if (!options.split.empty()) {
    fail_usage("the split \"{}\" of {}: only datasets have splits; flashrna convert and flashrna split make one",
               options.split, path);
  }
  ReadSetOptions by_chain = options;
  by_chain.unit = StructureUnit::kChain;
  return read_structure_files({path}, by_chain, watch);
}

}  // namespace flashrna
