#include "libfold/sampling/sampled_structure.h"

#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "rna/frame.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

// "A" to "Z", "a" to "z", "0" to "9", then "AA", "AB", ...
std::string chain_name(int number) {
  constexpr std::string_view kNames = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto at = static_cast<std::size_t>(number);
  if (at < kNames.size()) return std::string(1, kNames[at]);
  const std::size_t rest = at - kNames.size();
  return {kNames[rest / 26 % kNames.size()], kNames[rest % 26]};
}

// Moves the atoms of a motif residue onto the frame of its sampled residue.
void place_motif_atoms(const Nucleotide& source, const RigidTransform& frame, Nucleotide& target) {
  const RigidTransform given = frame_of(source);
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    const bool in_backbone = slot < kBackboneAtoms, same_base = source.base == target.base;
    if (!source.has(slot) || (!in_backbone && (!same_base || !target.has(slot)))) continue;
    target.atoms[static_cast<std::size_t>(slot)] =
        frame * (given.rotation.transpose() * (source.atoms[static_cast<std::size_t>(slot)] - given.translation));
  }
}

}  // namespace

int copies_in(const SampledBackbone& backbone, const Design& design) {
  const std::size_t n = design.molecule.size();
  if (backbone.frames.empty() || backbone.frames.size() % n != 0)
    fail("{} residues were sampled for a design of {}", backbone.frames.size(), n);
  return static_cast<int>(backbone.frames.size() / n);
}

Structure as_designed(const Structure& structure, const SampledBackbone& backbone, const Design& design) {
  copies_in(backbone, design);
  const std::size_t n = design.molecule.size();
  const std::vector<Nucleotide>& nucleotides = structure.chains.front().nucleotides;
  const std::vector<int> numbers = design.numbers();
  Structure divided = structure;
  divided.chains.clear();
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const std::size_t residue = i % n;
    if (residue == 0 || design.molecule[residue] != design.molecule[residue - 1])
      divided.chains.push_back({.id = chain_name(static_cast<int>(divided.chains.size()))});
    Nucleotide nucleotide = nucleotides[i];
    nucleotide.seq_id = numbers[residue];
    nucleotide.residue_index = numbers[residue] - 1;
    if (const Nucleotide* source = design.motif_nucleotide(residue); source && design.motif_group.empty())
      place_motif_atoms(*source, backbone.frames[i], nucleotide);
    divided.chains.back().nucleotides.push_back(std::move(nucleotide));
  }
  return divided;
}

double motif_rmsd(const Structure& sample, const Design& design) {
  std::map<int, std::pair<std::vector<Vec3>, std::vector<Vec3>>> atoms;  // by group: in the sample, in the file
  std::size_t i = 0;
  for (const Chain& chain : sample.chains) {
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const Nucleotide* source = i < design.molecule.size() ? design.motif_nucleotide(i) : nullptr;
      auto& [made, given] = atoms[design.motif_group.empty() || !source ? 0 : design.motif_group[i]];
      for (std::size_t slot = 0; source && slot < kBackboneAtoms; ++slot) {
        if (!source->has(static_cast<int>(slot))) continue;
        made.push_back(nucleotide.atoms[slot]);
        given.push_back(source->atoms[slot]);
      }
      ++i;
    }
  }
  double worst = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [group, positions] : atoms)
    if (!positions.first.empty()) worst = std::fmax(worst, superpose(positions.first, positions.second).rmsd);
  return worst;
}

}  // namespace flashrna
