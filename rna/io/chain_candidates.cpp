#include "rna/io/chain_candidates.h"

#include <algorithm>
#include <gemmi/model.hpp>

#include "rna/io/chain_parts.h"
#include "rna/io/conformers.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

constexpr LinkAtoms kPhosphodiester = {"O3'", "O3*", "P", kLongestO3P};
// P of bonded nucleotides are 4.5 to 7.5 Å apart.
constexpr double kLeastPhosphateDistance = 3.5;  // Å

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
    const std::vector<std::string> conformers = conformers_of_stretches(parts.residues, kPhosphodiester);
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
      candidate.membership =
          membership_of(parsed_, residue, chain.seqres,
                        {file_residues_.contains(residue.name), observed.often_ligand, residue.name.size() <= 2});
      if (candidate.membership != Membership::kNo) chain.candidates.push_back(std::move(candidate));
    }
    return chain;
  }

 private:
  ResidueIdentity identify(const gemmi::Residue& residue) const {
    const auto known = file_residues_.find(residue.name);
    return known != file_residues_.end() ? known->second : identify_residue(residue.name);
  }

  // Whether the file declares the residue RNA by more than its name: in mmCIF by the type of its entity; in PDB format
  // 3, which names deoxynucleotides DA, DC, DG and DT, by the SEQRES of the chain.
  bool is_declared_rna(const gemmi::Residue& residue, const ChainCandidates& chain) const {
    if (parsed_.input_format == gemmi::CoorFormat::Pdb) {
      return is_pdb_format_3(parsed_) && in_sequence(residue.name, chain.seqres);
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
  for (const ChainParts& parts : chain_parts(model, kLeastPhosphateDistance)) {
    chains.push_back(collector.collect(parts));
  }
  return chains;
}

}  // namespace flashrna
