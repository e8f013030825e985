#include "protein/io/protein_chains.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "protein/backbone.h"
#include "protein/io/residue_atoms.h"
#include "rna/io/chain_assembly.h"
#include "rna/io/chain_parts.h"
#include "rna/io/conformers.h"
#include "rna/io/membership.h"
#include "rna/io/molecules.h"
#include "rna/io/residue_order.h"
#include "rna/io/sequence_placement.h"
#include "rna/parent_nucleotide.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

constexpr LinkAtoms kPeptide = {"C", "C", "N", kLongestPeptideBond};
// N of bonded residues are 2.6 to 3.7 Å apart.
constexpr double kLeastNitrogenDistance = 2.5;  // Å

constexpr const char* kNoPolymer = "no polymer";

struct Candidate {
  ProteinResidue residue;
  bool has_alternates = false;
  float mean_occupancy = 1.0f;
  int sequence_position = 0;  // in the full sequence of the polymer, from 1; 0 if unknown
  Membership membership = Membership::kIfBonded;
  Segment segment;
  bool is_plain_atom = true;  // not a HETATM record
};

// The residues of one author chain, counted by what they are.
struct ChainCandidates {
  std::string id;
  std::vector<Candidate> candidates;  // amino acids, in file order
  int n_residues = 0, n_rna = 0, n_dna = 0;
  const gemmi::Entity* seqres = nullptr;  // of a PDB file
};

// Names that the file declares; they take precedence over the built-in tables.
using DeclaredAminoAcids = std::unordered_map<std::string, AminoAcidIdentity>;

DeclaredAminoAcids declared_amino_acids(const std::vector<DeclaredResidue>& declared) {
  DeclaredAminoAcids known;
  for (const auto& [name, parent, type] : declared) {
    AminoAcidIdentity identity = identify_amino_acid(parent);
    const AminoAcidIdentity tabulated = identify_amino_acid(name);
    if (identity.parent == AminoAcid::kUnknown) identity.parent = tabulated.parent;
    // Not "peptide-like", the type of inhibitors.
    const bool is_peptide = type.find("peptide") != std::string::npos &&
                            (type.find("linking") != std::string::npos || type.find("terminus") != std::string::npos);
    identity.is_amino_acid = identity.is_amino_acid || is_peptide;
    if (identity.is_amino_acid) known.emplace(name, identity);
  }
  return known;
}

class Collector {
 public:
  explicit Collector(const ParsedModel& parsed)
      : parsed_(parsed.structure), declared_(declared_amino_acids(parsed.declared)) {}

  ChainCandidates collect(const ChainParts& parts) const {
    const bool is_mmcif = parsed_.input_format == gemmi::CoorFormat::Mmcif;
    ChainCandidates chain;
    chain.id = parts.id;
    chain.n_residues = static_cast<int>(parts.residues.size());
    // gemmi stores a chain's SEQRES records as an entity named after the chain.
    chain.seqres = is_mmcif ? nullptr : parsed_.get_entity(parts.id);
    const std::vector<std::string> conformers = conformers_of_stretches(parts.residues, kPeptide);
    for (std::size_t i = 0; i < parts.residues.size(); ++i) {
      const gemmi::Residue& residue = *parts.residues[i];
      const auto declared = declared_.find(residue.name);
      const bool is_declared = declared != declared_.end();
      const AminoAcidIdentity identity = is_declared ? declared->second : identify_amino_acid(residue.name);
      const ResidueKind kind = identify_residue(residue.name).kind;
      chain.n_rna += kind == ResidueKind::kRna;
      chain.n_dna += kind == ResidueKind::kDna;
      auto observed = observe_amino_acid(residue, identity, kind != ResidueKind::kUnknown, conformers[i]);
      if (!observed) continue;
      Candidate candidate;
      candidate.membership = membership_of(
          parsed_, residue, chain.seqres,
          {is_declared && !is_unmodified_amino_acid(residue.name), observed->often_ligand, is_standard(residue.name)});
      if (candidate.membership == Membership::kNo) continue;
      candidate.residue = std::move(observed->residue);
      candidate.has_alternates = observed->has_alternates;
      candidate.mean_occupancy = observed->mean_occupancy;
      if (is_mmcif && residue.label_seq.has_value()) candidate.sequence_position = *residue.label_seq;
      candidate.segment = {is_mmcif ? residue.subchain : residue.segment, candidate.has_alternates};
      candidate.is_plain_atom = residue.het_flag != 'H';
      chain.candidates.push_back(std::move(candidate));
    }
    return chain;
  }

 private:
  // The 20 of the PDB.
  static bool is_standard(const std::string& name) {
    const AminoAcidIdentity identity = identify_amino_acid(name);
    return identity.parent != AminoAcid::kUnknown && amino_acid_name(identity.parent) == name;
  }

  const gemmi::Structure& parsed_;
  const DeclaredAminoAcids declared_;
};

bool in_one_place(const ProteinResidue& one, const ProteinResidue& other) {
  constexpr double kLongestDistance = 2.5;  // Å; neighbors in a chain are farther apart
  return !one.has(kCA) || !other.has(kCA) || (one.atom(kCA) - other.atom(kCA)).norm() <= kLongestDistance;
}

// Two residues of equal number without alternate locations are distinct residues: some files lost their insertion
// codes.
bool are_variants(const Candidate& one, const Candidate& other) {
  const bool are_alternates = (one.has_alternates && other.has_alternates) ||
                              (one.sequence_position > 0 && one.sequence_position == other.sequence_position);
  return are_alternates && one.residue.seq_id == other.residue.seq_id &&
         one.residue.insertion_code == other.residue.insertion_code && in_one_place(one.residue, other.residue);
}

// The candidates as the shared algorithms see them; they must outlive the result, in their places.
LinkedResidues linked(const std::vector<Candidate>& candidates) {
  LinkedResidues residues;
  for (const Candidate& c : candidates) residues.numbers.push_back({c.residue.seq_id, c.residue.insertion_code});
  residues.linked = [&candidates](std::size_t previous, std::size_t next) {
    return peptide_bonded(candidates[previous].residue, candidates[next].residue);
  };
  residues.bonded = [&candidates](std::size_t previous, std::size_t next) {
    return bonded(candidates[previous].residue, candidates[next].residue);
  };
  return residues;
}

// Whether CB is on the side of D-amino acids; false without the four atoms. Glycine has no side.
bool is_mirrored(const ProteinResidue& residue) {
  if (!residue.has(kN) || !residue.has(kCA) || !residue.has(kC) || !residue.has(kCB)) return false;
  const Vec3 n = residue.atom(kN) - residue.atom(kCA), c = residue.atom(kC) - residue.atom(kCA),
             cb = residue.atom(kCB) - residue.atom(kCA);
  return n.cross(c).dot(cb) < 0.0;
}

// Builds the chain of one molecule of an author chain.
class MoleculeBuilder {
 public:
  MoleculeBuilder(const ChainCandidates& chain, std::vector<Candidate> candidates)
      : chain_(chain), candidates_(std::move(candidates)) {}

  // The chain; without residues if none has a frame, or if it is the mirror image of a protein.
  ProteinChain build() {
    const std::vector<std::size_t> order = chain_order(linked(candidates_));
    if (!std::is_sorted(order.begin(), order.end())) reorder(candidates_, order);
    drop_free_ligands();
    if (candidates_.size() == 1) candidates_.clear();  // an amino acid alone, as at the end of a transfer RNA
    ProteinChain chain;
    chain.id = chain_.id;
    const auto is_d = [](const Candidate& c) { return is_mirrored(c.residue); };
    const auto has_side = [](const Candidate& c) { return c.residue.has(kCB); };
    const auto mirrored = std::count_if(candidates_.begin(), candidates_.end(), is_d);
    if (2 * mirrored > std::count_if(candidates_.begin(), candidates_.end(), has_side)) {
      n_mirrored_ = static_cast<int>(mirrored);
      return chain;
    }
    std::vector<PolymerPosition> positions;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const ProteinResidue& residue = candidates_[i].residue;
      if (!residue.has_frame()) {
        ++chain.n_without_frame;
        continue;
      }
      chain.n_modified += !is_unmodified_amino_acid(residue.name);
      chain.residues.push_back(residue);
      positions.push_back({static_cast<int>(i), candidates_[i].sequence_position});
    }
    assign_indices(chain, positions);
    if (chain.n_breaks() > 0 && chain_.seqres != nullptr) place_gaps(chain, positions);
    return chain;
  }

  // To be called after build().
  RejectedChain rejection() const {
    if (n_mirrored_ > 0) {
      return {chain_.id, "D-protein",
              fmt::format("{} amino acids are mirror images of natural ones, by their CB; if that is an error of the "
                          "file, change the sign of x in all of it",
                          n_mirrored_)};
    }
    if (!candidates_.empty()) {
      return {chain_.id, "no frame", fmt::format("none of its {} amino acids has N, CA and C", candidates_.size())};
    }
    if (chain_.n_rna > 0) return {chain_.id, "RNA", fmt::format("{} nucleotides", chain_.n_rna)};
    if (chain_.n_dna > 0) return {chain_.id, "DNA", fmt::format("{} deoxynucleotides", chain_.n_dna)};
    return {chain_.id, kNoPolymer, fmt::format("only ligands, ions or water: {} residues", chain_.n_residues)};
  }

 private:
  void drop_free_ligands() {
    std::vector<MemberEvidence> evidence;
    for (const Candidate& c : candidates_) {
      evidence.push_back({c.membership, c.is_plain_atom, is_unmodified_amino_acid(c.residue.name)});
    }
    const LinkedResidues residues = linked(candidates_);
    const std::vector<bool> members = find_members(evidence, residues, residues.linked);
    std::vector<Candidate> kept;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i]) kept.push_back(std::move(candidates_[i]));
    }
    candidates_ = std::move(kept);
  }

  static void assign_indices(ProteinChain& chain, const std::vector<PolymerPosition>& positions) {
    std::vector<IndexedResidue> residues;
    for (std::size_t i = 0; i < chain.residues.size(); ++i) {
      const bool is_bonded = i > 0 && bonded(chain.residues[i - 1], chain.residues[i]);
      residues.push_back({chain.residues[i].seq_id, positions[i], is_bonded});
    }
    const std::vector<int> indices = residue_indices(residues);
    for (std::size_t i = 0; i < indices.size(); ++i) chain.residues[i].residue_index = indices[i];
  }

  // Sets gap lengths of a PDB file from its SEQRES records.
  void place_gaps(ProteinChain& chain, std::vector<PolymerPosition>& positions) const {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) names.push_back(candidate.residue.name);
    const std::vector<int> in_sequence = place_in_sequence(linked(candidates_), names, chain_.seqres->full_sequence);
    if (in_sequence.empty()) return;
    for (PolymerPosition& position : positions) {
      position.sequence_position = in_sequence[static_cast<std::size_t>(position.place)];
    }
    assign_indices(chain, positions);
  }

  const ChainCandidates& chain_;
  std::vector<Candidate> candidates_;
  int n_mirrored_ = 0;
};

std::vector<std::vector<Candidate>> part_molecules(std::vector<Candidate>&& candidates) {
  std::vector<Segment> segments;
  for (const Candidate& candidate : candidates) segments.push_back(candidate.segment);
  const std::vector<std::size_t> numbers = molecules_of(linked(candidates), segments);
  return part_by_number(std::move(candidates), numbers);
}

// Appends the molecules of one author chain: those with residues to `chains`. Of the others, molecules with amino acids
// are appended to `rejected`, or one of them if there is nothing else.
void append_molecules(ChainCandidates& chain, ProteinStructure& structure) {
  drop_minor_variants(chain.candidates, are_variants, [](const Candidate& c) { return c.mean_occupancy; });
  const std::size_t n_chains = structure.chains.size(), n_rejected = structure.rejected.size();
  std::vector<RejectedChain> without_protein;
  for (std::vector<Candidate>& candidates : part_molecules(std::move(chain.candidates))) {
    MoleculeBuilder builder(chain, std::move(candidates));
    ProteinChain molecule = builder.build();
    if (!molecule.residues.empty()) {
      structure.chains.push_back(std::move(molecule));
      continue;
    }
    RejectedChain rejection = builder.rejection();
    const bool has_protein = rejection.reason == "no frame" || rejection.reason == "D-protein";
    (has_protein ? structure.rejected : without_protein).push_back(std::move(rejection));
  }
  if (structure.chains.size() == n_chains && structure.rejected.size() == n_rejected) {
    structure.rejected.push_back(without_protein.front());
  }
}

}  // namespace

void append_protein_chains(const ParsedModel& parsed, ProteinStructure& structure) {
  const Collector collector(parsed);
  for (const ChainParts& parts : chain_parts(parsed.model(), kLeastNitrogenDistance)) {
    ChainCandidates chain = collector.collect(parts);
    append_molecules(chain, structure);
  }
  tell_apart(structure.chains);
}

}  // namespace flashrna
