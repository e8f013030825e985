// A set of proteins for an evaluation, read and measured as a set of RNA (libfold/evaluation/structure_set.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/watch.h"
#include "libfold/evaluation/protein/protein_measures.h"
#include "libfold/evaluation/set_options.h"
#include "protein/structure.h"

namespace flashrna {

struct MeasuredProtein {
  std::string name;  // as MeasuredStructure::name
  ProteinMeasures measures;
  std::vector<Vec3> ca;                  // Å
  std::vector<ProteinResidue> residues;  // empty unless backbones are kept
};

struct ProteinSet : SetSource {
  std::vector<MeasuredProtein> structures;    // in the order of the input
  std::vector<std::vector<double>> values;    // of all structures, by measure as protein_measures()
  std::vector<std::array<float, 2>> phi_psi;  // in (-π, π]

  ProteinSet();
  std::int64_t residues() const;
};

// As read_structure_files and read_reference for RNA. A dataset must be one of proteins.
ProteinSet read_protein_files(const std::vector<std::string>& inputs, const ReadSetOptions& options,
                              const Watch& watch = {});
ProteinSet read_protein_reference(const std::string& path, const ReadSetOptions& options, const Watch& watch = {});

}  // namespace flashrna
