#include "libfold/evaluation/protein/protein_set.h"

#include <cmath>

#include "base/error.h"
#include "datasets/protein_rows.h"
#include "libfold/evaluation/set_source.h"
#include "protein/io/structure_reader.h"
#include "protein/measure/local_geometry.h"

namespace flashrna {
namespace {

using Values = std::vector<std::vector<double>>;

// What one thread extracts from one file or one chain of a dataset.
struct Measured {
  std::vector<MeasuredProtein> structures;
  Values values{protein_measures().size()};
  std::vector<std::array<float, 2>> phi_psi;
  std::vector<LeftOut> unreadable, without_polymer, too_short;
};

void add_values(std::span<const ProteinResidue> residues, Values& values) {
  const auto measures = protein_measures();
  for (std::size_t k = 0; k < measures.size(); ++k) {
    for (std::size_t i = 0; i < residues.size(); ++i) {
      const double value = measure(measures[k], residues, i);
      if (!std::isnan(value)) values[k].push_back(value);
    }
  }
}

void measure_into(const std::string& name, const std::vector<ProteinResidue>& residues, const ReadSetOptions& options,
                  Measured& measured) {
  if (residues.size() < static_cast<std::size_t>(kShortestStructure)) {
    measured.too_short.push_back(
        {name, fmt::format("{} residue{} with N, CA and C; at least {} are needed", residues.size(),
                           residues.size() == 1 ? "" : "s", kShortestStructure)});
    return;
  }
  MeasuredProtein structure;
  structure.name = name;
  structure.measures = measure_protein(residues);
  for (const ProteinResidue& residue : residues) structure.ca.push_back(residue.atom(kCA));
  if (options.keep_backbones) structure.residues = residues;
  add_values(residues, measured.values);
  const auto pairs = phi_psi_pairs(residues);
  measured.phi_psi.insert(measured.phi_psi.end(), pairs.begin(), pairs.end());
  measured.structures.push_back(std::move(structure));
}

// Why a readable structure has no protein: the reason of its first chain.
std::string no_protein_reason(const ProteinStructure& structure) {
  if (structure.rejected.empty()) return "no polymer chain";
  const RejectedChain& first = structure.rejected.front();
  return fmt::format("no protein; chain \"{}\" is left out: {}", first.id, first.reason);
}

void measure_model(const ProteinStructure& structure, const std::string& name, const ReadSetOptions& options,
                   Measured& measured) {
  if (structure.chains.empty()) {
    measured.without_polymer.push_back({name, no_protein_reason(structure)});
  } else if (options.unit == StructureUnit::kModel) {
    measure_into(name, join_protein_chains(structure.chains).residues, options, measured);
  } else {
    for (const ProteinChain& chain : structure.chains) {
      measure_into(structure.chains.size() > 1 ? name + "/" + chain.id : name, chain.residues, options, measured);
    }
  }
}

void collect(Measured&& measured, ProteinSet& set) {
  for (MeasuredProtein& structure : measured.structures) set.structures.push_back(std::move(structure));
  for (std::size_t k = 0; k < set.values.size(); ++k) {
    set.values[k].insert(set.values[k].end(), measured.values[k].begin(), measured.values[k].end());
  }
  set.phi_psi.insert(set.phi_psi.end(), measured.phi_psi.begin(), measured.phi_psi.end());
  append_left_out(std::move(measured), set);
}

}  // namespace

ProteinSet::ProteinSet() : values(protein_measures().size()) {}

std::int64_t ProteinSet::residues() const {
  std::int64_t sum = 0;
  for (const MeasuredProtein& structure : structures) sum += structure.measures.residues;
  return sum;
}

ProteinSet read_protein_files(const std::vector<std::string>& inputs, const ReadSetOptions& options,
                              const Watch& watch) {
  const auto read = [](const std::string& bytes, const std::string& name, int model) {
    return read_protein_from_memory(bytes, name, {model, kMaxUnpackedBytes});
  };
  const auto measure = [&](const ProteinStructure& structure, const std::string& name, Measured& measured) {
    measure_model(structure, name, options, measured);
  };
  const auto measure_file = [&](SourceFile&& source) {
    return measure_models<Measured>(std::move(source), options.unit, read, measure);
  };
  ProteinSet set;
  read_files_into(set, inputs, options.threads, watch, measure_file, collect);
  if (watch.stopped()) return set;
  check_any(set, set.structures.size(), inputs.size() == 1 ? inputs.front() : fmt::format("{} inputs", inputs.size()),
            "protein", "residues");
  return set;
}

ProteinSet read_protein_reference(const std::string& path, const ReadSetOptions& options, const Watch& watch) {
  if (is_structure_source(path, options.split)) {
    ReadSetOptions by_chain = options;
    by_chain.unit = StructureUnit::kChain;
    return read_protein_files({path}, by_chain, watch);
  }
  const DatasetReader reader(path);
  reader.require(Polymer::kProtein, "an evaluation with --polymer protein");
  ProteinSet set;
  const auto measure = [&](std::size_t chain) {
    Measured measured;
    measure_into(reader.chains()[chain].id, protein_residues_of(reader.read_rows(chain)), options, measured);
    return measured;
  };
  read_chains_into(set, reader, options.split, options.threads, watch, measure, collect);
  if (!watch.stopped()) check_any(set, set.structures.size(), path, "protein", "residues");
  return set;
}

}  // namespace flashrna
