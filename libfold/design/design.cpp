#include "libfold/design/design.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "rna/assembly.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

void append_residues(Design& design, int molecule, int count) {
  for (int i = 0; i < count; ++i) {
    const bool joins = !design.molecule.empty() && design.molecule.back() != molecule;
    const int last = design.residue_index.empty() ? -1 : design.residue_index.back();
    design.residue_index.push_back(last + (joins ? kChainJoin : 1));
    design.molecule.push_back(molecule);
  }
}

// Fails unless `molecule`, empty for a single one or any, divides the residues as the design does.
void check_residues(const Design& design, std::size_t count, std::span<const int> molecule, std::string_view source) {
  if (count != design.molecule.size())
    fail("{}: has {} residues, but {} are asked for", source, count, design.molecule.size());
  for (std::size_t i = 1; i < molecule.size(); ++i) {
    const bool here = molecule[i] != molecule[i - 1], asked = design.molecule[i] != design.molecule[i - 1];
    if (here != asked)
      fail("{}: {} between residues {} and {}, but the molecules asked for have {} residues", source,
           here ? "\"&\" divides molecules" : "no \"&\" divides molecules", i, i + 1,
           fmt::join(design.molecule_lengths(), " and "));
  }
}

bool can_pair(Base one, Base other) {
  const auto is = [&](Base a, Base b) { return (one == a && other == b) || (one == b && other == a); };
  return one == Base::N || other == Base::N || is(Base::G, Base::C) || is(Base::A, Base::U) || is(Base::G, Base::U);
}

}  // namespace

std::vector<int> Design::molecule_lengths() const {
  std::vector<int> lengths;
  for (std::size_t i = 0; i < molecule.size(); ++i) {
    if (i == 0 || molecule[i] != molecule[i - 1]) lengths.push_back(0);
    ++lengths.back();
  }
  return lengths;
}

std::vector<int> Design::numbers() const {
  std::vector<int> numbers;
  int first = 0;
  for (std::size_t i = 0; i < molecule.size(); ++i) {
    if (i == 0 || molecule[i] != molecule[i - 1]) first = residue_index[i];
    numbers.push_back(residue_index[i] - first + 1);
  }
  return numbers;
}

const Nucleotide* Design::motif_nucleotide(std::size_t i) const {
  if (!motif || motif_residue[i] < 0) return nullptr;
  return &motif->residues[static_cast<std::size_t>(motif_residue[i])];
}

Design design_of_lengths(std::span<const int> molecule_lengths) {
  Design design;
  for (std::size_t m = 0; m < molecule_lengths.size(); ++m)
    append_residues(design, static_cast<int>(m), molecule_lengths[m]);
  return design;
}

Design design_of_structure(const SecondaryStructureRecord& structure) {
  Design design;
  for (int molecule : structure.molecule) append_residues(design, molecule, 1);
  design.partner = structure.partner;
  return design;
}

Design design_of_contig(std::span<const ContigItem> contig, std::span<const int> new_residues,
                        std::shared_ptr<const Motif> motif, bool free_groups) {
  Design design;
  std::vector<std::string> parts;
  int group = 0, molecule = 0;
  for (std::size_t k = 0; k < contig.size(); ++k) {
    const ContigItem& item = contig[k];
    for (; molecule < item.molecule; ++molecule) parts.emplace_back("/0");
    const int count = item.is_motif() ? motif->count[k] : new_residues[k];
    if (count == 0) continue;
    append_residues(design, item.molecule, count);
    parts.push_back(item.is_motif() ? item.text : std::to_string(count));
    for (int i = 0; i < count; ++i) {
      const int residue = item.is_motif() ? motif->first[k] + i : -1;
      design.motif_residue.push_back(residue);
      design.motif_group.push_back(item.is_motif() ? group : -1);
      design.letter.push_back(residue < 0 ? Base::N : motif->residues[static_cast<std::size_t>(residue)].base);
    }
    if (item.is_motif()) ++group;
  }
  design.contig = fmt::format("{}", fmt::join(parts, " "));
  if (group > 0) design.motif = std::move(motif);
  if (group == 0) design.motif_residue.clear(), design.letter.clear();
  if (!free_groups || group < 2) design.motif_group.clear();
  return design;
}

Design design_of_chains(std::span<const Chain> chains) {
  Design design;
  const Chain joined = join_chains(chains);
  for (const Nucleotide& nucleotide : joined.nucleotides) {
    design.molecule.push_back(nucleotide.chain_in_structure);
    design.residue_index.push_back(nucleotide.residue_index);
    design.letter.push_back(nucleotide.base);
  }
  design.start = std::make_shared<const std::vector<Nucleotide>>(joined.nucleotides);
  return design;
}

void set_partners(Design& design, const SecondaryStructureRecord& structure, std::string_view source) {
  check_residues(design, structure.partner.size(), structure.molecule, source);
  design.partner = structure.partner;
}

void set_motif_partners(Design& design) {
  if (!design.motif) return;
  const Motif& motif = *design.motif;
  std::vector<int> position_of(motif.residues.size(), kUnspecified);
  for (std::size_t i = 0; i < design.motif_residue.size(); ++i)
    if (design.motif_residue[i] >= 0)
      position_of[static_cast<std::size_t>(design.motif_residue[i])] = static_cast<int>(i);
  design.partner.assign(design.molecule.size(), kUnspecified);
  for (std::size_t i = 0; i < design.motif_residue.size(); ++i) {
    if (design.motif_residue[i] < 0) continue;
    const int mate = motif.partner[static_cast<std::size_t>(design.motif_residue[i])];
    const int partner = mate < 0 ? mate : position_of[static_cast<std::size_t>(mate)];
    const bool too_close = partner >= 0 && design.molecule[i] == design.molecule[static_cast<std::size_t>(partner)] &&
                           std::abs(partner - static_cast<int>(i)) < kShortestPairSpan;
    design.partner[i] = too_close ? kUnspecified : partner;
  }
}

void set_letters(Design& design, std::span<const Base> letters, std::span<const int> molecule,
                 std::string_view source) {
  check_residues(design, letters.size(), molecule, source);
  if (design.letter.empty()) design.letter.assign(letters.size(), Base::N);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const bool in_motif = !design.motif_residue.empty() && design.motif_residue[i] >= 0;
    if (letters[i] == Base::N || letters[i] == design.letter[i]) continue;
    if (in_motif && design.letter[i] != Base::N)
      fail("{}: residue {} is {}, but {} of the motif is {}; give N there", source, i + 1, base_letter(letters[i]),
           design.motif->name_of(design.motif_residue[i]), base_letter(design.letter[i]));
    design.letter[i] = letters[i];
  }
}

std::vector<std::string> impossible_pairs(const Design& design, std::size_t most) {
  std::vector<std::string> found;
  if (design.letter.empty()) return found;
  for (std::size_t i = 0; i < design.partner.size(); ++i) {
    if (design.partner[i] < 0) continue;
    const int j = design.partner[i] % design.length();
    if (j <= static_cast<int>(i)) continue;
    const Base one = design.letter[i], other = design.letter[static_cast<std::size_t>(j)];
    if (can_pair(one, other)) continue;
    if (found.size() == most) {
      found.emplace_back("...");
      break;
    }
    found.push_back(fmt::format("{}{}-{}{}", base_letter(one), i + 1, base_letter(other), j + 1));
  }
  return found;
}

}  // namespace flashrna
