#include "rna/io/chain_parts.h"

#include <algorithm>
#include <gemmi/model.hpp>
#include <unordered_map>
#include <utility>

#include "rna/io/merged_residues.h"

namespace flashrna {
namespace {

void add(const gemmi::Residue& residue, double least_distance, ChainParts& chain) {
  std::vector<gemmi::Residue> parts = part_merged_residue(residue, least_distance);
  if (parts.empty()) chain.residues.push_back(&residue);
  for (gemmi::Residue& part : parts) {
    chain.parted.push_back(std::make_unique<gemmi::Residue>(std::move(part)));
    chain.residues.push_back(chain.parted.back().get());
  }
}

// Merged residues may not have been adjacent; the order of the atoms in the file restores their positions.
void restore_file_order(ChainParts& chain) {
  const auto serial = [](const gemmi::Residue* residue) {
    return residue->atoms.empty() ? 0 : residue->atoms.front().serial;
  };
  std::stable_sort(chain.residues.begin(), chain.residues.end(),
                   [&](const auto* a, const auto* b) { return serial(a) < serial(b); });
}

}  // namespace

ChainParts::ChainParts(std::string author_id) : id(std::move(author_id)) {}
ChainParts::ChainParts(ChainParts&&) noexcept = default;
ChainParts& ChainParts::operator=(ChainParts&&) noexcept = default;
ChainParts::~ChainParts() = default;

std::vector<ChainParts> chain_parts(const gemmi::Model& model, double least_distance) {
  std::vector<ChainParts> chains;
  std::unordered_map<std::string, std::size_t> by_id;
  for (const gemmi::Chain& part : model.chains) {
    const auto [entry, is_new] = by_id.emplace(part.name, chains.size());
    if (is_new) chains.emplace_back(part.name);
    for (const gemmi::Residue& residue : part.residues) add(residue, least_distance, chains[entry->second]);
  }
  for (ChainParts& chain : chains) {
    if (!chain.parted.empty()) restore_file_order(chain);
  }
  return chains;
}

}  // namespace flashrna
