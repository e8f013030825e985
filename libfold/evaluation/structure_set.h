// A set of structures for an evaluation: read from files, folders, archives or a dataset, and measured one by one.
// Structures that cannot be measured are listed with the reason. The result does not depend on the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/watch.h"
#include "libfold/evaluation/set_options.h"
#include "libfold/evaluation/structure_measures.h"
#include "rna/geometry.h"
#include "rna/structure.h"

namespace flashrna {

// The 13 backbone atoms of a structure in single precision; other atoms are not stored.
struct StoredBackbone {
  std::vector<std::array<float, std::size_t{3} * kBackboneAtoms>> atoms;  // Å, by slot
  std::vector<std::uint16_t> masks;                                       // bit s set: slot s is present
  std::vector<std::int32_t> residue_index;
  std::vector<std::uint8_t> bases;
  std::vector<std::uint16_t> chain;  // Nucleotide::chain_in_structure

  static StoredBackbone of(std::span<const Nucleotide> nucleotides);
  std::size_t size() const { return atoms.size(); }
  std::vector<Nucleotide> nucleotides() const;  // numbered from 1
  std::vector<Vec3> positions(int slot) const;  // the slot must be present in every nucleotide
};

// Outline of a base for pictures, Å: N9 C8 N7 C5 C6 N1 C2 N3 C4 of a purine, N1 C2 N3 C4 C5 C6 of a pyrimidine. Empty
// if an atom is missing.
using BaseOutline = std::vector<std::array<float, 3>>;

struct MeasuredStructure {
  std::string name;  // "folder/1ehz.cif"; with "#2" for the second of several models, "/A" for one of several chains
  StructureMeasures measures;
  std::vector<int> partner;             // base pairs (rna/pairs/base_pairs.h), -1 without
  std::vector<int> whole_base_partner;  // the same by rna/pairs/refined_base_pairs.h; empty without base atoms
  PairMeasures pairs;
  std::vector<Vec3> c3;               // Å
  StoredBackbone backbone;            // empty unless requested
  std::vector<BaseOutline> outlines;  // by nucleotide; empty unless requested with the backbone, or without base atoms
};

struct StructureSet : SetSource {
  std::vector<MeasuredStructure> structures;  // in the order of the input
  MeasuredValues values = no_values();        // of all structures together
  std::vector<std::array<float, 2>> eta_theta;

  std::int64_t residues() const;
};

// Reads files, folders and archives (datasets/source_files.h). Throws Error if an input is missing or nothing can be
// measured; the message names the first structure left out. If `watch` ends it, returns what was measured until then.
StructureSet read_structure_files(const std::vector<std::string>& inputs, const ReadSetOptions& options,
                                  const Watch& watch = {});

// Reads a flashrna dataset (.h5) chain by chain, or files as above with the unit kChain. Throws Error also for a file
// of another kind and for a split without chains.
StructureSet read_reference(const std::string& path, const ReadSetOptions& options, const Watch& watch = {});

}  // namespace flashrna
