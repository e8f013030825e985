#include "rna/io/chain_candidates.h"

#include <algorithm>
#include <gemmi/model.hpp>
#include <memory>

#include "rna/io/conformers.h"
#include "rna/io/merged_residues.h"

namespace flashrna {
namespace {

// All residues of one author chain, which a file may store in several parts.
struct ChainParts {
  std::string id;
  std::vector<const gemmi::Residue*> residues;
  std::vector<std::unique_ptr<gemmi::Residue>> parted;  // results of part_merged_residue, pointed to by `residues`

  void add(const gemmi::Residue& residue) {
    std::vector<gemmi::Residue> parts = part_merged_residue(residue);
    if (parts.empty()) residues.push_back(&residue);
    for (gemmi::Residue& part : parts) {
      parted.push_back(std::make_unique<gemmi::Residue>(std::move(part)));
      residues.push_back(parted.back().get());
    }
  }

  // Merged residues may not have been adjacent; the order of the atoms in the file restores their positions.
  void restore_file_order() {
    const auto serial = [](const gemmi::Residue* residue) {
      return residue->atoms.empty() ? 0 : residue->atoms.front().serial;
    };
    std::stable_sort(residues.begin(), residues.end(),
                     [&](const auto* a, const auto* b) { return serial(a) < serial(b); });
  }
};

std::vector<ChainParts> chain_parts(const gemmi::Model& model) {
  std::vector<ChainParts> chains;
  std::unordered_map<std::string, std::size_t> by_id;
  for (const gemmi::Chain& part : model.chains) {
    const auto [entry, is_new] = by_id.emplace(part.name, chains.size());
    if (is_new) chains.push_back({part.name, {}, {}});
    for (const gemmi::Residue& residue : part.residues) chains[entry->second].add(residue);
  }
  for (ChainParts& chain : chains) {
    if (!chain.parted.empty()) chain.restore_file_order();
  }
  return chains;
}

// "REMARK   4 1EHZ COMPLIES WITH FORMAT V. 3.30, 13-JUL-11"
bool is_pdb_format_3(const gemmi::Structure& parsed) {
  return std::any_of(parsed.raw_remarks.begin(), parsed.raw_remarks.end(), [](const std::string& line) {
    return line.starts_with("REMARK   4") && line.find("COMPLIES WITH FORMAT V. 3") != std::string::npos;
  });
}

class Collector {
 public:
  Collector(const gemmi::Structure& parsed, const FileResidues& file_residues)
      : parsed_(parsed), file_residues_(file_residues) {}

  ChainCandidates collect(const ChainParts& parts) const {
    const bool is_mmcif = parsed_.input_format == gemmi::CoorFormat::Mmcif;
    ChainCandidates chain;
    chain.id = parts.id;
    chain.n_residues = static_cast<int>(parts.residues.size());
    // gemmi stores a chain's SEQRES records as an entity named after the chain.
    chain.seqres = is_mmcif ? nullptr : parsed_.get_entity(parts.id);
    const std::vector<std::string> conformers = conformers_of_stretches(parts.residues);
    for (std::size_t i = 0; i < parts.residues.size(); ++i) {
      const gemmi::Residue& residue = *parts.residues[i];
      Candidate candidate{observe_residue(residue, identify(residue), conformers[i])};
      ObservedResidue& observed = candidate.observed;
      if (observed.kind == ResidueKind::kAminoAcid) ++chain.n_amino_acids;
      if (observed.kind != ResidueKind::kRna && observed.kind != ResidueKind::kDna) continue;
      if (is_mmcif && residue.label_seq.has_value()) observed.sequence_position = *residue.label_seq;
      candidate.segment = is_mmcif ? residue.subchain : residue.segment;
      candidate.is_plain_atom = residue.het_flag != 'H';
      candidate.declared_rna = !observed.nucleotide.has(kO2) && is_declared_rna(residue, chain);
      candidate.membership = membership_of(residue, observed, chain);
      if (candidate.membership != Membership::kNo) chain.candidates.push_back(std::move(candidate));
    }
    return chain;
  }

 private:
  ResidueIdentity identify(const gemmi::Residue& residue) const {
    const auto known = file_residues_.find(residue.name);
    return known != file_residues_.end() ? known->second : identify_residue(residue.name);
  }

  Membership membership_of(const gemmi::Residue& residue, const ObservedResidue& observed,
                           const ChainCandidates& chain) const {
    const gemmi::Entity* entity = residue.entity_id.empty() ? nullptr : parsed_.get_entity(residue.entity_id);
    if (entity != nullptr && entity->entity_type != gemmi::EntityType::Unknown) {
      return entity->entity_type == gemmi::EntityType::Polymer ? Membership::kYes : Membership::kNo;
    }
    // A PDB file, or mmCIF without entities. In PDB files, residues before TER are marked as polymer, the others are
    // not.
    const bool after_ter = residue.entity_type == gemmi::EntityType::NonPolymer;
    if (!after_ter && (file_residues_.contains(residue.name) || in_sequence(residue.name, chain))) {
      return Membership::kYes;
    }
    if (observed.often_ligand) return Membership::kIfBonded;
    const bool before_ter = residue.entity_type == gemmi::EntityType::Polymer;
    const bool is_standard = residue.name.size() <= 2;
    const bool is_plain_atom = residue.het_flag != 'H';
    // A standard nucleotide among the HETATM records is a ligand or a buffer component.
    if (before_ter || is_plain_atom || (!is_standard && !after_ter)) return Membership::kYes;
    return Membership::kIfBonded;
  }

  // Whether SEQRES of this chain contains the residue name.
  static bool in_sequence(const std::string& name, const ChainCandidates& chain) {
    return chain.seqres != nullptr && gemmi::in_vector(name, chain.seqres->full_sequence);
  }

  // Whether the file declares the residue RNA by more than its name: in mmCIF by the type of its entity; in PDB format
  // 3, which names deoxynucleotides DA, DC, DG and DT, by the SEQRES of the chain.
  bool is_declared_rna(const gemmi::Residue& residue, const ChainCandidates& chain) const {
    if (parsed_.input_format == gemmi::CoorFormat::Pdb) {
      return is_pdb_format_3(parsed_) && in_sequence(residue.name, chain);
    }
    const gemmi::Entity* entity = residue.entity_id.empty() ? nullptr : parsed_.get_entity(residue.entity_id);
    return entity != nullptr && entity->polymer_type == gemmi::PolymerType::Rna;
  }

  const gemmi::Structure& parsed_;
  const FileResidues& file_residues_;
};

}  // namespace

std::vector<ChainCandidates> collect_candidates(const gemmi::Structure& parsed, const gemmi::Model& model,
                                                const FileResidues& file_residues) {
  const Collector collector(parsed, file_residues);
  std::vector<ChainCandidates> chains;
  for (const ChainParts& parts : chain_parts(model)) chains.push_back(collector.collect(parts));
  return chains;
}

}  // namespace flashrna
