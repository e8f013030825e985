// The residues of every author chain of a model, in file order. A file may store a chain in several parts.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace gemmi {
struct Model;
struct Residue;
}  // namespace gemmi

namespace flashrna {

struct ChainParts {
  std::string id;
  std::vector<const gemmi::Residue*> residues;          // owned by the model, or by `parted`
  std::vector<std::unique_ptr<gemmi::Residue>> parted;  // results of part_merged_residue, pointed to by `residues`

  explicit ChainParts(std::string author_id);
  ChainParts(ChainParts&&) noexcept;
  ChainParts& operator=(ChainParts&&) noexcept;
  ~ChainParts();
};

// In order of first appearance. `least_distance`: that of part_merged_residue (rna/io/merged_residues.h). The model
// must outlive the result.
std::vector<ChainParts> chain_parts(const gemmi::Model& model, double least_distance);

}  // namespace flashrna
