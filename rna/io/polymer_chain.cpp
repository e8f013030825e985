#include "rna/io/polymer_chain.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gemmi/model.hpp>
#include <vector>

#include "base/error.h"
#include "rna/io/chain_assembly.h"
#include "rna/io/chain_candidates.h"
#include "rna/io/molecules.h"
#include "rna/io/residue_order.h"
#include "rna/io/sequence_placement.h"
#include "rna/measure/ribose_chirality.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

bool in_one_place(const Nucleotide& one, const Nucleotide& other) {
  constexpr double kLongestDistance = 4.0;  // Å; neighbors in a chain are farther apart
  return !one.has(kC4) || !other.has(kC4) || (one.atoms[kC4] - other.atoms[kC4]).norm() <= kLongestDistance;
}

// Two residues of equal number without alternate locations are distinct residues: some files lost their insertion
// codes.
bool are_variants(const ObservedResidue& one, const ObservedResidue& other) {
  const bool are_alternates = (one.has_alternates && other.has_alternates) ||
                              (one.sequence_position > 0 && one.sequence_position == other.sequence_position);
  return are_alternates && one.nucleotide.seq_id == other.nucleotide.seq_id &&
         one.nucleotide.insertion_code == other.nucleotide.insertion_code &&
         in_one_place(one.nucleotide, other.nucleotide);
}

// The nucleotides as the shared algorithms see them; they must outlive the result.
LinkedResidues linked(const std::vector<const Nucleotide*>& nucleotides) {
  LinkedResidues residues;
  for (const Nucleotide* n : nucleotides) residues.numbers.push_back({n->seq_id, n->insertion_code});
  residues.linked = [nucleotides](std::size_t previous, std::size_t next) {
    return phosphodiester(*nucleotides[previous], *nucleotides[next]);
  };
  residues.bonded = [nucleotides](std::size_t previous, std::size_t next) {
    return bonded(*nucleotides[previous], *nucleotides[next]);
  };
  return residues;
}

std::vector<const Nucleotide*> nucleotides_of(const std::vector<Candidate>& candidates) {
  std::vector<const Nucleotide*> nucleotides;
  for (const Candidate& candidate : candidates) nucleotides.push_back(&candidate.observed.nucleotide);
  return nucleotides;
}

// Whether the ribose is that of L-RNA: C4' and all other centers with complete atoms are inverted. A ribose that is
// only modeled incorrectly also has centers of natural chirality.
bool is_mirrored(const Nucleotide& nucleotide) {
  const auto is_natural = [&](const ChiralCenter& center) { return chiral_volume(center, nucleotide) >= 0.0; };
  return chiral_volume(kRiboseCenters[3], nucleotide) < 0.0 &&
         std::none_of(kRiboseCenters.begin(), kRiboseCenters.end(), is_natural);
}

struct ResidueCounts {
  int dna = 0;
  int unmarked_dna = 0;  // among `dna`
  int rna = 0;
  int mirrored = 0;  // L-RNA, by name or by chirality; not counted in `rna`
};

// Builds the chain of one molecule of an author chain.
class MoleculeBuilder {
 public:
  MoleculeBuilder(const ChainCandidates& chain, std::vector<Candidate> candidates)
      : chain_(chain), candidates_(std::move(candidates)) {}

  // The chain; without nucleotides if none has a frame.
  Chain build() {
    put_in_chain_order();
    drop_free_ligands();
    recognize_unmarked_dna();  // after ligands are dropped, because their O2' is no evidence of RNA
    return make_chain();
  }

  // To be called after build().
  RejectedChain rejection() const {
    if (counts_.rna > 0) {
      return {chain_.id, "no frame", fmt::format("none of its {} nucleotides has C3', C4' and O4'", counts_.rna)};
    }
    if (counts_.mirrored > 0) {
      return {chain_.id, "L-RNA",
              fmt::format("{} nucleotides are mirror images of natural ones, by {}; if that is an error of the file, "
                          "change the sign of x in all of it",
                          counts_.mirrored, mirrored_by_name_ ? "their names" : "the chirality of their riboses")};
    }
    if (chain_.n_amino_acids > counts_.dna) {
      return {chain_.id, "protein", fmt::format("{} amino acids", chain_.n_amino_acids)};
    }
    if (counts_.unmarked_dna > 0) {
      return {chain_.id, "DNA",
              fmt::format("{} deoxynucleotides; {} of them have names of RNA but no O2'", counts_.dna,
                          counts_.unmarked_dna)};
    }
    if (counts_.dna > 0) return {chain_.id, "DNA", fmt::format("{} deoxynucleotides", counts_.dna)};
    return {chain_.id, kNoPolymer, fmt::format("only ligands, ions or water: {} residues", chain_.n_residues)};
  }

  static constexpr const char* kNoPolymer = "no polymer";

 private:
  const Nucleotide& nucleotide(std::size_t i) const { return candidates_[i].observed.nucleotide; }

  void put_in_chain_order() {
    const std::vector<std::size_t> order = chain_order(linked(nucleotides_of(candidates_)));
    if (!std::is_sorted(order.begin(), order.end())) reorder(candidates_, order);
  }

  // Whether two potential ligands are parts of a polymer: by their bond or, if its atoms are missing, by their
  // distance, names and numbers.
  static bool are_polymer(const Nucleotide& previous, const Nucleotide& next) {
    if (previous.has(kO3) && next.has(kP)) return phosphodiester(previous, next);
    return is_unmodified_name(previous.name) && is_unmodified_name(next.name) &&
           std::int64_t{previous.seq_id} + 1 == next.seq_id && bonded(previous, next);
  }

  void drop_free_ligands() {
    std::vector<MemberEvidence> evidence;
    for (const Candidate& candidate : candidates_) {
      evidence.push_back(
          {candidate.membership, candidate.is_plain_atom, is_unmodified_name(candidate.observed.nucleotide.name)});
    }
    const std::vector<bool> members = find_members(
        evidence, linked(nucleotides_of(candidates_)),
        [&](std::size_t previous, std::size_t next) { return are_polymer(nucleotide(previous), nucleotide(next)); });
    std::vector<Candidate> kept;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i]) kept.push_back(std::move(candidates_[i]));
    }
    candidates_ = std::move(kept);
  }

  // Files from before 2007 also name deoxynucleotides A, C, G, and programs that make "RNA-only" files still do. All
  // such chains known in deposited files are DNA with the methyl group of thymine in "U" (8G4W, 8G7E, 8G8Z) or with the
  // large groups of a DNA aptamer (8J1Q). In a chain without any O2', or with other DNA, a nucleotide with C2' and
  // without O2' is therefore DNA, unless the file declares it RNA. In an RNA chain, its O2' is treated as missing.
  void recognize_unmarked_dna() {
    const auto is_rna = [](const Candidate& c) { return c.observed.kind == ResidueKind::kRna; };
    const bool has_ribose = std::any_of(candidates_.begin(), candidates_.end(),
                                        [&](const Candidate& c) { return is_rna(c) && c.observed.has_2_prime; });
    const bool has_dna = !std::all_of(candidates_.begin(), candidates_.end(), is_rna);
    if (has_ribose && !has_dna) return;
    for (Candidate& candidate : candidates_) {
      const Nucleotide& nucleotide = candidate.observed.nucleotide;
      if (candidate.declared_rna || !is_rna(candidate)) continue;
      if (!nucleotide.has(kC2) || candidate.observed.has_2_prime) continue;
      candidate.observed.kind = ResidueKind::kDna;
      candidate.unmarked_dna = true;
    }
  }

  // Whether most riboses of the molecule are those of L-RNA.
  bool is_mirror_image() const {
    int mirrored = 0, measured = 0;
    for (const Candidate& candidate : candidates_) {
      if (candidate.observed.kind != ResidueKind::kRna) continue;
      measured += !std::isnan(chiral_volume(kRiboseCenters[3], candidate.observed.nucleotide));
      mirrored += is_mirrored(candidate.observed.nucleotide);
    }
    return 2 * mirrored > measured;
  }

  Chain make_chain() {
    Chain chain;
    chain.id = chain_.id;
    const bool is_mirror = is_mirror_image();
    std::vector<PolymerPosition> positions;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      ObservedResidue& observed = candidates_[i].observed;
      if (observed.kind == ResidueKind::kDna) {
        ++counts_.dna;
        counts_.unmarked_dna += candidates_[i].unmarked_dna;
        continue;
      }
      if (is_mirror || observed.is_mirror) {
        ++counts_.mirrored;
        mirrored_by_name_ = mirrored_by_name_ || observed.is_mirror;
        continue;
      }
      ++counts_.rna;
      if (!observed.nucleotide.has_frame()) {
        ++chain.n_without_frame;
        continue;
      }
      chain.n_modified += !is_unmodified_name(observed.nucleotide.name);
      chain.nucleotides.push_back(observed.nucleotide);
      positions.push_back({static_cast<int>(i), observed.sequence_position});
    }
    if (counts_.dna > 0) chain.molecule_kind = "DNA/RNA hybrid";
    assign_residue_indices(chain.nucleotides, positions);
    if (chain.n_breaks() > 0 && chain_.seqres != nullptr) place_gaps(chain, positions);
    return chain;
  }

  // Sets gap lengths of a PDB file from its SEQRES records.
  void place_gaps(Chain& chain, std::vector<PolymerPosition>& positions) const {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) names.push_back(candidate.observed.nucleotide.name);
    const std::vector<int> in_sequence =
        place_in_sequence(linked(nucleotides_of(candidates_)), names, chain_.seqres->full_sequence);
    if (in_sequence.empty()) return;
    for (PolymerPosition& position : positions) {
      position.sequence_position = in_sequence[static_cast<std::size_t>(position.place)];
    }
    assign_residue_indices(chain.nucleotides, positions);
  }

  const ChainCandidates& chain_;
  std::vector<Candidate> candidates_;
  ResidueCounts counts_;
  bool mirrored_by_name_ = false;
};

// The candidates of each molecule, in file order; at least one, so that a rejection reason is reported.
std::vector<std::vector<Candidate>> part_molecules(std::vector<Candidate>&& candidates) {
  std::vector<Segment> segments;
  for (const Candidate& c : candidates) segments.push_back({c.segment, c.observed.has_alternates});
  const std::vector<std::size_t> numbers = molecules_of(linked(nucleotides_of(candidates)), segments);
  return part_by_number(std::move(candidates), numbers);
}

// Appends the molecules of one author chain: those with nucleotides to `chains`. Of the others, molecules with RNA or
// DNA are appended to `rejected`, or one of them if there is nothing else.
void append_molecules(ChainCandidates& chain, Structure& structure) {
  drop_minor_variants(
      chain.candidates, [](const Candidate& a, const Candidate& b) { return are_variants(a.observed, b.observed); },
      [](const Candidate& c) { return c.observed.mean_occupancy; });
  const std::size_t n_chains = structure.chains.size(), n_rejected = structure.rejected.size();
  std::vector<RejectedChain> without_polymer;
  for (std::vector<Candidate>& candidates : part_molecules(std::move(chain.candidates))) {
    MoleculeBuilder builder(chain, std::move(candidates));
    Chain molecule = builder.build();
    if (!molecule.nucleotides.empty()) {
      structure.chains.push_back(std::move(molecule));
      continue;
    }
    RejectedChain rejection = builder.rejection();
    const bool says_little = rejection.reason == MoleculeBuilder::kNoPolymer || rejection.reason == "protein";
    (says_little ? without_polymer : structure.rejected).push_back(std::move(rejection));
  }
  if (structure.chains.size() == n_chains && structure.rejected.size() == n_rejected) {
    structure.rejected.push_back(without_polymer.front());
  }
}

}  // namespace

void append_chains(const gemmi::Structure& parsed, const gemmi::Model& model, const FileResidues& file_residues,
                   Structure& structure) {
  for (ChainCandidates& chain : collect_candidates(parsed, model, file_residues)) append_molecules(chain, structure);
  tell_apart(structure.chains);
}

}  // namespace flashrna
