// A design: what one sample is asked to be. Its members are by residue, [L]; an empty member says nothing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libfold/design/contig.h"
#include "libfold/design/motif.h"
#include "rna/pairs/dot_bracket.h"
#include "rna/structure.h"

namespace flashrna {

struct Design {
  std::vector<int> molecule;       // from 0
  std::vector<int> residue_index;  // rises by 1, by more across a gap, and by kChainJoin between molecules
  // Base pairs: position of the partner, kUnpaired or kUnspecified. In a symmetric assembly of copies of this design,
  // residue j of copy c has position c * L + j, as the first copy sees it (SymmetricCopies::partner).
  std::vector<int> partner;
  std::vector<Base> letter;            // N where unspecified
  std::shared_ptr<const Motif> motif;  // of motif_residue
  std::vector<int> motif_residue;      // residue of `motif`, -1 for new residues
  std::vector<int> motif_group;        // -1 for new residues; empty: all form one group, which is fixed
  std::string contig;                  // with the numbers drawn for this sample, between spaces
  std::shared_ptr<const std::vector<Nucleotide>> start;  // [L] structure from which the sample starts

  int length() const { return static_cast<int>(molecule.size()); }
  std::vector<int> molecule_lengths() const;
  // The residue's number in its molecule, from 1; it jumps across gaps.
  std::vector<int> numbers() const;
  // The residue of the motif file that residue `i` is; nullptr for a new one.
  const Nucleotide* motif_nucleotide(std::size_t i) const;
};

// Molecules of new residues.
Design design_of_lengths(std::span<const int> molecule_lengths);

Design design_of_structure(const SecondaryStructureRecord& structure);

// `new_residues`: by item, the number of residues drawn; ignored for motif items. `free_groups`: each motif item is a
// group of its own.
Design design_of_contig(std::span<const ContigItem> contig, std::span<const int> new_residues,
                        std::shared_ptr<const Motif> motif, bool free_groups);

// The chains as molecules, with their letters and gaps.
Design design_of_chains(std::span<const Chain> chains);

// Adds pairs or letters. Errors begin with `source`. Throw Error if the number of residues differs, if `molecule` (may
// be empty) divides them differently, and if a letter contradicts that of a motif residue; these name the position.
void set_partners(Design& design, const SecondaryStructureRecord& structure, std::string_view source);
void set_letters(Design& design, std::span<const Base> letters, std::span<const int> molecule, std::string_view source);

// Adds the motif's base pairs (Motif::partner). New residues, and pairs that are less than kShortestPairSpan apart
// here, are unspecified. Does nothing for a design without a motif.
void set_motif_partners(Design& design);

// The given pairs whose letters are specified and are no G-C, A-U or G-U: "A3-C12", with the number in the copy, at
// most `most` of them, then "...".
std::vector<std::string> impossible_pairs(const Design& design, std::size_t most = 10);

}  // namespace flashrna
