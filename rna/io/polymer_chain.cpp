#include "rna/io/polymer_chain.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gemmi/model.hpp>
#include <iterator>
#include <set>
#include <vector>

#include "base/error.h"
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

// Microheterogeneity: of alternative residues at one position, keeps the one with the highest occupancy.
void drop_minor_variants(std::vector<Candidate>& candidates) {
  std::vector<Candidate> kept;
  kept.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    if (kept.empty() || !are_variants(kept.back().observed, candidate.observed)) {
      kept.push_back(std::move(candidate));
    } else if (candidate.observed.mean_occupancy > kept.back().observed.mean_occupancy + 0.001f) {
      kept.back() = std::move(candidate);
    }
  }
  candidates = std::move(kept);
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

  bool bond_before(std::size_t i) const { return phosphodiester(nucleotide(i - 1), nucleotide(i)); }

  std::vector<const Nucleotide*> nucleotides() const {
    std::vector<const Nucleotide*> all;
    for (const Candidate& candidate : candidates_) all.push_back(&candidate.observed.nucleotide);
    return all;
  }

  void put_in_chain_order() {
    const std::vector<std::size_t> order = chain_order(nucleotides());
    if (std::is_sorted(order.begin(), order.end())) return;
    std::vector<Candidate> ordered;
    ordered.reserve(candidates_.size());
    for (std::size_t place : order) ordered.push_back(std::move(candidates_[place]));
    candidates_ = std::move(ordered);
  }

  static bool is_member(const Candidate& candidate) { return candidate.membership == Membership::kYes; }

  // Whether two potential ligands are parts of a polymer: by their bond or, if its atoms are missing, by their
  // distance, names and numbers.
  bool are_polymer(std::size_t i) const {
    const Nucleotide &previous = nucleotide(i - 1), &next = nucleotide(i);
    if (previous.has(kO3) && next.has(kP)) return bond_before(i);
    return is_unmodified_name(previous.name) && is_unmodified_name(next.name) &&
           std::int64_t{previous.seq_id} + 1 == next.seq_id && bonded(previous, next);
  }

  // Drops residues that are part of the polymer only if bonded, unless they are bonded to a residue of the polymer or
  // to each other.
  void drop_free_ligands() {
    const bool file_tells = std::any_of(candidates_.begin(), candidates_.end(), is_member);
    for (std::size_t i = 1; i < candidates_.size(); ++i) {
      if (is_member(candidates_[i - 1]) ? bond_before(i) : !is_member(candidates_[i]) && are_polymer(i)) {
        candidates_[i - 1].membership = candidates_[i].membership = Membership::kYes;
      }
    }
    for (std::size_t i = candidates_.size(); i-- > 1;) {
      if (is_member(candidates_[i]) && bond_before(i)) candidates_[i - 1].membership = Membership::kYes;
    }
    keep_those_between(file_tells);
    std::erase_if(candidates_, [](const Candidate& c) { return !is_member(c); });
  }

  // Keeps a nucleotide without neighbors between two parts of a polymer: if it is an ATOM record, or if the file does
  // not mark polymers and the name is that of an unmodified nucleotide.
  void keep_those_between(bool file_tells) {
    const auto first = std::find_if(candidates_.begin(), candidates_.end(), is_member);
    const auto last = std::find_if(candidates_.rbegin(), std::make_reverse_iterator(first), is_member).base();
    for (auto candidate = first; candidate < last; ++candidate) {
      const bool is_plain = !file_tells && is_unmodified_name(candidate->observed.nucleotide.name);
      if (candidate->is_plain_atom || is_plain) candidate->membership = Membership::kYes;
    }
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
    const std::vector<int> in_sequence = place_in_sequence(nucleotides(), chain_.seqres->full_sequence);
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

// The candidates of each molecule, in file order.
std::vector<std::vector<Candidate>> part_molecules(std::vector<Candidate>&& candidates) {
  std::vector<SegmentedNucleotide> nucleotides;
  for (const Candidate& c : candidates) {
    nucleotides.push_back({&c.observed.nucleotide, c.segment, c.observed.has_alternates});
  }
  const std::vector<std::size_t> numbers = molecules_of(nucleotides);
  std::vector<std::vector<Candidate>> molecules(1);  // at least one, so that a rejection reason is reported
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= molecules.size()) molecules.resize(numbers[i] + 1);
    molecules[numbers[i]].push_back(std::move(candidates[i]));
  }
  return molecules;
}

// Appends the molecules of one author chain: those with nucleotides to `chains`. Of the others, molecules with RNA or
// DNA are appended to `rejected`, or one of them if there is nothing else.
void append_molecules(ChainCandidates& chain, Structure& structure) {
  drop_minor_variants(chain.candidates);
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

// Makes chain identifiers unique: "A", "A-2", "A-3", as the PDB names the copies in an assembly.
void tell_apart(std::vector<Chain>& chains) {
  std::set<std::string> taken;
  for (const Chain& chain : chains) taken.insert(chain.id);
  std::set<std::string> seen;
  for (Chain& chain : chains) {
    if (seen.insert(chain.id).second) continue;
    const std::string id = chain.id;
    for (int copy = 2; taken.contains(chain.id); ++copy) chain.id = fmt::format("{}-{}", id, copy);
    taken.insert(chain.id);
  }
}

}  // namespace

void append_chains(const gemmi::Structure& parsed, const gemmi::Model& model, const FileResidues& file_residues,
                   Structure& structure) {
  for (ChainCandidates& chain : collect_candidates(parsed, model, file_residues)) append_molecules(chain, structure);
  tell_apart(structure.chains);
}

}  // namespace flashrna
