// Where the structures of a set come from, and how they are read: from files, folders, archives or a dataset, by
// several threads, in the order of the input. The same for sets of RNA and of proteins.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/gzip.h"
#include "base/watch.h"
#include "datasets/dataset_reader.h"
#include "datasets/ordered_pipeline.h"
#include "datasets/source_files.h"
#include "datasets/splits.h"
#include "libfold/evaluation/set_options.h"

namespace flashrna {

// Whether an mmCIF file with the same name lies beside this PDB file, as after `flashrna sample --format both`.
bool stands_beside_mmcif(const std::string& path);

// Whether a reference is structures (a folder, a structure file, an archive); anything else is taken for a dataset.
// Throws Error if there is nothing of this name, UsageError if a split of structures is asked for.
bool is_structure_source(const std::string& path, const std::string& split);

// What one thread extracts from one file or one chain of a dataset has the lists of left-out structures of SetSource.
template <typename Measured>
void append_left_out(Measured&& measured, SetSource& set) {
  const auto append = [](std::vector<LeftOut>& to, std::vector<LeftOut>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(set.unreadable, measured.unreadable);
  append(set.without_polymer, measured.without_polymer);
  append(set.too_short, measured.too_short);
}

// Measures the models of one file: read(bytes, name, model) is the structure, measure(structure, name, measured) adds
// what it holds. A file with an error contributes nothing but its message.
template <typename Measured, typename Read, typename Measure>
Measured measure_models(SourceFile&& source, StructureUnit unit, const Read& read, const Measure& measure) {
  Measured measured;
  const std::string name = source.name;
  try {
    const std::string bytes = read_source(std::move(source), kMaxUnpackedBytes);
    int n_models = 1;
    for (int model = 1; model <= n_models; ++model) {
      const auto structure = read(bytes, name, model);
      if (unit == StructureUnit::kModel) n_models = structure.n_models;
      const bool numbered = structure.n_models > 1 && unit == StructureUnit::kModel;
      measure(structure, numbered ? fmt::format("{}#{}", name, structure.model) : name, measured);
    }
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    measured = {};
    std::string message = error.what();
    if (message.starts_with(name + ": ")) message = message.substr(name.size() + 2);
    measured.unreadable.push_back({name, message});
  }
  return measured;
}

// Reads files, folders and archives into `set`: measure(SourceFile&&) -> Measured, collect(Measured&&, set).
template <typename Set, typename Measure, typename Collect>
void read_files_into(Set& set, const std::vector<std::string>& inputs, int threads, const Watch& watch,
                     const Measure& measure, const Collect& collect) {
  using Measured = decltype(measure(std::declval<SourceFile>()));
  SourceFiles sources(inputs, kMaxUnpackedBytes);
  std::size_t pdb_twins = 0;
  run_in_order<SourceFile, Measured>(
      threads,
      [&]() -> std::optional<SourceFile> {
        while (!watch.stopped()) {
          std::optional<SourceFile> source = sources.next();
          if (!source || source->is_named || !stands_beside_mmcif(source->path)) return source;
          ++pdb_twins;
        }
        return std::nullopt;
      },
      measure,
      [&](Measured&& measured) {
        collect(std::move(measured), set);
        ++set.files;
        watch.report(set.files, 0);
      });
  set.skipped_files = sources.skipped();
  set.pdb_twins = pdb_twins;
}

// Reads the chains of a dataset that have the split ("" = all) into `set`: measure(index) -> Measured. Throws Error for
// a split without chains; an Error of measure() is completed by the names of file and chain.
template <typename Set, typename Measure, typename Collect>
void read_chains_into(Set& set, const DatasetReader& reader, const std::string& split, int threads, const Watch& watch,
                      const Measure& measure, const Collect& collect) {
  using Measured = decltype(measure(std::size_t{}));
  const std::string& path = reader.path();
  std::vector<std::size_t> chains;
  for (std::size_t i = 0; i < reader.chains().size(); ++i) {
    if (split.empty() || reader.chains()[i].split == split) chains.push_back(i);
  }
  if (chains.empty()) fail("{}: no chain has the split \"{}\"; flashrna info {} shows them", path, split, path);
  set.files = 1;
  if (split != kSplitNames[0]) set.held_out = describe_held_out(reader.chains());
  std::size_t next = 0, done = 0;
  run_in_order<std::size_t, Measured>(
      threads,
      [&]() -> std::optional<std::size_t> {
        if (next == chains.size() || watch.stopped()) return std::nullopt;
        return chains[next++];
      },
      [&](std::size_t chain) {
        try {
          return measure(chain);
        } catch (const Error& error) {
          fail("{}: chain {}: {}", path, reader.chains()[chain].id, error.what());
        }
      },
      [&](Measured&& measured) {
        collect(std::move(measured), set);
        watch.report(++done, chains.size());
      });
}

// Throws Error if nothing was measured. `polymer`: "RNA"; `unit`: "nt".
void check_any(const SetSource& set, std::size_t n_structures, const std::string& where, const char* polymer,
               const char* unit);

}  // namespace flashrna
