#include "libfold/evaluation/structure_set.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "datasets/chain_rows.h"
#include "libfold/evaluation/set_source.h"
#include "rna/assembly.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/refined_base_pairs.h"

namespace flashrna {
namespace {

// What one thread extracts from one file or one chain of a dataset.
struct Measured {
  std::vector<MeasuredStructure> structures;
  MeasuredValues values = no_values();
  std::vector<std::array<float, 2>> eta_theta;
  std::vector<LeftOut> unreadable, without_polymer, too_short;
};

// Whether an atom of the base beyond the glycosidic nitrogen is present.
bool has_base(const Nucleotide& nucleotide) { return nucleotide.atom_mask >> (kGlycosidicNitrogen + 1) != 0; }

BaseOutline outline_of(const Nucleotide& nucleotide) {
  constexpr std::array<std::string_view, 9> kPurine = {"N9", "C8", "N7", "C5", "C6", "N1", "C2", "N3", "C4"};
  constexpr std::array<std::string_view, 6> kPyrimidine = {"N1", "C2", "N3", "C4", "C5", "C6"};
  BaseOutline outline;
  const auto add = [&](const auto& names) {
    for (const std::string_view name : names) {
      const int slot = atom_slot(nucleotide.base, name);
      if (slot < 0 || !nucleotide.has(slot)) {
        outline.clear();
        return;
      }
      const Vec3& at = nucleotide.atoms[static_cast<std::size_t>(slot)];
      outline.push_back({static_cast<float>(at[0]), static_cast<float>(at[1]), static_cast<float>(at[2])});
    }
  };
  if (nucleotide.base == Base::A || nucleotide.base == Base::G)
    add(kPurine);
  else if (nucleotide.base != Base::N)
    add(kPyrimidine);
  return outline;
}

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
  // By the two-atom rule even where bases are present, as in natives: samples have none, and both sides must be
  // compared by one rule.
  structure.partner = find_base_pairs(nucleotides);
  const bool with_bases = std::ranges::any_of(nucleotides, has_base);
  if (with_bases) structure.whole_base_partner = refine_base_pairs(nucleotides);
  structure.pairs = measure_pairs(nucleotides, structure.partner);
  for (const Nucleotide& nucleotide : nucleotides) structure.c3.push_back(nucleotide.atoms[kC3]);
  if (options.keep_backbones) structure.backbone = StoredBackbone::of(nucleotides);
  if (options.keep_backbones && with_bases)
    for (const Nucleotide& nucleotide : nucleotides) structure.outlines.push_back(outline_of(nucleotide));
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

void measure_model(const Structure& structure, const std::string& name, const ReadSetOptions& options,
                   Measured& measured) {
  if (structure.chains.empty()) {
    measured.without_polymer.push_back({name, no_rna_reason(structure)});
  } else if (options.unit == StructureUnit::kModel) {
    const Chain chain = structure.chains.size() == 1 ? structure.chains.front() : join_chains(structure.chains);
    measure_into(name, chain.nucleotides, options, measured);
  } else {
    for (const Chain& chain : structure.chains) {
      measure_into(structure.chains.size() > 1 ? name + "/" + chain.id : name, chain.nucleotides, options, measured);
    }
  }
}

void collect(Measured&& measured, StructureSet& set) {
  for (MeasuredStructure& structure : measured.structures) set.structures.push_back(std::move(structure));
  for (std::size_t k = 0; k < set.values.size(); ++k) {
    set.values[k].insert(set.values[k].end(), measured.values[k].begin(), measured.values[k].end());
  }
  set.eta_theta.insert(set.eta_theta.end(), measured.eta_theta.begin(), measured.eta_theta.end());
  append_left_out(std::move(measured), set);
}

StructureSet read_dataset(const std::string& path, const ReadSetOptions& options, const Watch& watch) {
  const DatasetReader reader(path);
  reader.require(Polymer::kRna, "an evaluation of RNA");
  StructureSet set;
  const auto measure = [&](std::size_t chain) {
    Measured measured;
    measure_into(reader.chains()[chain].id, nucleotides_of(reader.read_rows(chain)), options, measured);
    return measured;
  };
  read_chains_into(set, reader, options.split, options.threads, watch, measure, collect);
  if (!watch.stopped()) check_any(set, set.structures.size(), path, "RNA", "nt");
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

std::int64_t StructureSet::residues() const {
  std::int64_t sum = 0;
  for (const MeasuredStructure& structure : structures) sum += structure.measures.residues;
  return sum;
}

StructureSet read_structure_files(const std::vector<std::string>& inputs, const ReadSetOptions& options,
                                  const Watch& watch) {
  const auto read = [](const std::string& bytes, const std::string& name, int model) {
    return read_structure_from_memory(bytes, name, {model, kMaxUnpackedBytes});
  };
  const auto measure = [&](const Structure& structure, const std::string& name, Measured& measured) {
    measure_model(structure, name, options, measured);
  };
  const auto measure_file = [&](SourceFile&& source) {
    return measure_models<Measured>(std::move(source), options.unit, read, measure);
  };
  StructureSet set;
  read_files_into(set, inputs, options.threads, watch, measure_file, collect);
  if (watch.stopped()) return set;
  check_any(set, set.structures.size(), inputs.size() == 1 ? inputs.front() : fmt::format("{} inputs", inputs.size()),
            "RNA", "nt");
  return set;
}

StructureSet read_reference(const std::string& path, const ReadSetOptions& options, const Watch& watch) {
  if (!is_structure_source(path, options.split)) return read_dataset(path, options, watch);
  ReadSetOptions by_chain = options;
  by_chain.unit = StructureUnit::kChain;
  return read_structure_files({path}, by_chain, watch);
}

}  // namespace flashrna
