#include "rna/io/polymer_chain.h"

#include <algorithm>
#include <gemmi/model.hpp>
#include <memory>
#include <vector>

#include "base/error.h"
#include "rna/io/merged_residues.h"
#include "rna/io/residue_atoms.h"
#include "rna/io/residue_order.h"
#include "rna/io/sequence_placement.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

// How sure the file makes us that a nucleotide is part of the polymer and not a ligand.
enum class Membership { kYes, kIfBonded, kNo };

struct Candidate {
  ObservedResidue observed;
  Membership membership = Membership::kIfBonded;
  bool declared_rna = false;  // not by its name alone; asked only where O2' is missing
  bool unmarked_dna = false;  // DNA with a name of RNA
};

// All residues of one author's chain, which a file may store in several parts.
struct ChainParts {
  std::string id;
  std::vector<const gemmi::Residue*> residues;
  std::vector<std::unique_ptr<gemmi::Residue>> parted;  // of part_merged_residue; `residues` points to them

  void add(const gemmi::Residue& residue) {
    std::vector<gemmi::Residue> parts = part_merged_residue(residue);
    if (parts.empty()) residues.push_back(&residue);
    for (gemmi::Residue& part : parts) {
      parted.push_back(std::make_unique<gemmi::Residue>(std::move(part)));
      residues.push_back(parted.back().get());
    }
  }

  // Merged residues need not have been neighbors: the order of the atoms in the file tells.
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

struct ResidueCounts {
  int amino_acids = 0;
  int dna = 0;
  int unmarked_dna = 0;  // of `dna`
  int rna = 0;
};

class ChainBuilder {
 public:
  ChainBuilder(const gemmi::Structure& parsed, const FileResidues& file_residues, const ChainParts& parts)
      : parsed_(parsed), file_residues_(file_residues), parts_(parts) {}

  // Appends to structure.chains or structure.rejected.
  void build(Structure& structure) {
    collect();
    drop_minor_variants();
    put_in_chain_order();
    drop_free_ligands();
    recognize_unmarked_dna();  // a ligand's O2' proves nothing
    Chain chain = make_chain();
    if (chain.nucleotides.empty()) {
      structure.rejected.push_back(rejection());
    } else {
      structure.chains.push_back(std::move(chain));
    }
  }

 private:
  ResidueIdentity identify(const gemmi::Residue& residue) const {
    const auto known = file_residues_.find(residue.name);
    return known != file_residues_.end() ? known->second : identify_residue(residue.name);
  }

  Membership membership_of(const gemmi::Residue& residue, const ObservedResidue& observed) const {
    const gemmi::Entity* entity = residue.entity_id.empty() ? nullptr : parsed_.get_entity(residue.entity_id);
    if (entity != nullptr && entity->entity_type != gemmi::EntityType::Unknown) {
      return entity->entity_type == gemmi::EntityType::Polymer ? Membership::kYes : Membership::kNo;
    }
    // A PDB file, or mmCIF without entities. In PDB what stands before TER is marked as polymer, the rest as not.
    const bool after_ter = residue.entity_type == gemmi::EntityType::NonPolymer;
    if (!after_ter && (file_residues_.contains(residue.name) || in_sequence(residue.name))) return Membership::kYes;
    if (observed.often_ligand) return Membership::kIfBonded;
    const bool before_ter = residue.entity_type == gemmi::EntityType::Polymer;
    const bool is_standard = residue.name.size() <= 2;
    const bool is_plain_atom = residue.het_flag != 'H';
    // A standard nucleotide among the HETATM records is a ligand or a buffer component.
    if (before_ter || is_plain_atom || (!is_standard && !after_ter)) return Membership::kYes;
    return Membership::kIfBonded;
  }

  // Whether SEQRES of this chain names the residue.
  bool in_sequence(const std::string& name) const {
    const gemmi::Entity* entity = seqres();
    return entity != nullptr && gemmi::in_vector(name, entity->full_sequence);
  }

  // gemmi keeps a chain's SEQRES records as an entity with the chain's name.
  const gemmi::Entity* seqres() const {
    return parsed_.input_format == gemmi::CoorFormat::Pdb ? parsed_.get_entity(parts_.id) : nullptr;
  }

  // Whether the file says apart from the residue's name that it is RNA. In mmCIF that is the type of its entity; in PDB
  // format 3, which calls deoxynucleotides DA, DC, DG and DT, the chain's SEQRES.
  bool is_declared_rna(const gemmi::Residue& residue) const {
    if (parsed_.input_format == gemmi::CoorFormat::Pdb) return is_pdb_format_3(parsed_) && in_sequence(residue.name);
    const gemmi::Entity* entity = residue.entity_id.empty() ? nullptr : parsed_.get_entity(residue.entity_id);
    return entity != nullptr && entity->polymer_type == gemmi::PolymerType::Rna;
  }

  void collect() {
    const bool is_mmcif = parsed_.input_format == gemmi::CoorFormat::Mmcif;
    for (const gemmi::Residue* residue : parts_.residues) {
      const ResidueIdentity identity = identify(*residue);
      if (identity.kind == ResidueKind::kAminoAcid) ++counts_.amino_acids;
      Candidate candidate{observe_residue(*residue, identity)};
      ObservedResidue& observed = candidate.observed;
      if (observed.kind != ResidueKind::kRna && observed.kind != ResidueKind::kDna) continue;
      if (is_mmcif && residue->label_seq.has_value()) observed.sequence_position = *residue->label_seq;
      candidate.declared_rna = !observed.nucleotide.has(kO2) && is_declared_rna(*residue);
      candidate.membership = membership_of(*residue, observed);
      if (candidate.membership != Membership::kNo) candidates_.push_back(std::move(candidate));
    }
  }

  bool bond_before(std::size_t i) const {
    return phosphodiester(candidates_[i - 1].observed.nucleotide, candidates_[i].observed.nucleotide);
  }

  // Microheterogeneity: of the residues that share one place as alternatives, the one of highest occupancy stays.
  void drop_minor_variants() {
    std::vector<Candidate> kept;
    kept.reserve(candidates_.size());
    for (Candidate& candidate : candidates_) {
      if (kept.empty() || !are_variants(kept.back().observed, candidate.observed)) {
        kept.push_back(std::move(candidate));
      } else if (candidate.observed.mean_occupancy > kept.back().observed.mean_occupancy + 0.001f) {
        kept.back() = std::move(candidate);
      }
    }
    candidates_ = std::move(kept);
  }

  static bool in_one_place(const Nucleotide& one, const Nucleotide& other) {
    constexpr double kLongestDistance = 4.0;  // Å; neighbors in a chain are farther apart
    return !one.has(kC4) || !other.has(kC4) || (one.atoms[kC4] - other.atoms[kC4]).norm() <= kLongestDistance;
  }

  // Two residues of one number without alternate locations are two residues: some files lost their insertion codes.
  static bool are_variants(const ObservedResidue& one, const ObservedResidue& other) {
    const bool are_alternates = (one.has_alternates && other.has_alternates) ||
                                (one.sequence_position > 0 && one.sequence_position == other.sequence_position);
    return are_alternates && one.nucleotide.seq_id == other.nucleotide.seq_id &&
           one.nucleotide.insertion_code == other.nucleotide.insertion_code &&
           in_one_place(one.nucleotide, other.nucleotide);
  }

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

  // What only a bond would make part of the polymer stays if it is bonded to a residue that is.
  void drop_free_ligands() {
    for (std::size_t i = 1; i < candidates_.size(); ++i) {
      if (candidates_[i - 1].membership == Membership::kYes && bond_before(i)) {
        candidates_[i].membership = Membership::kYes;
      }
    }
    for (std::size_t i = candidates_.size(); i-- > 1;) {
      if (candidates_[i].membership == Membership::kYes && bond_before(i)) {
        candidates_[i - 1].membership = Membership::kYes;
      }
    }
    std::erase_if(candidates_, [](const Candidate& c) { return c.membership != Membership::kYes; });
  }

  // Files from before 2007 name deoxynucleotides A, C, G too, and programs that make "RNA-only" files still do: of the
  // real ones we know, all such chains are DNA with thymine's methyl group in "U" (8G4W, 8G7E, 8G8Z) or the large
  // groups of a DNA aptamer on it (8J1Q). In a chain that has no O2', or has other DNA, a nucleotide with C2' and
  // without O2' is therefore DNA, unless the file declares it RNA; in an RNA chain its O2' is only missing.
  void recognize_unmarked_dna() {
    const auto is_rna = [](const Candidate& c) { return c.observed.kind == ResidueKind::kRna; };
    const bool has_ribose = std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& c) {
      return is_rna(c) && c.observed.nucleotide.has(kO2);
    });
    const bool has_dna = !std::all_of(candidates_.begin(), candidates_.end(), is_rna);
    if (has_ribose && !has_dna) return;
    for (Candidate& candidate : candidates_) {
      const Nucleotide& nucleotide = candidate.observed.nucleotide;
      if (candidate.declared_rna || !is_rna(candidate)) continue;
      if (!nucleotide.has(kC2) || nucleotide.has(kO2)) continue;
      candidate.observed.kind = ResidueKind::kDna;
      candidate.unmarked_dna = true;
    }
  }

  Chain make_chain() {
    Chain chain;
    chain.id = parts_.id;
    std::vector<PolymerPosition> positions;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      ObservedResidue& observed = candidates_[i].observed;
      if (observed.kind == ResidueKind::kDna) {
        ++counts_.dna;
        counts_.unmarked_dna += candidates_[i].unmarked_dna;
        continue;
      }
      ++counts_.rna;
      if (!observed.nucleotide.has_frame()) {
        ++chain.n_without_frame;
        continue;
      }
      const std::string& name = observed.nucleotide.name;
      chain.n_modified += !(name == "A" || name == "C" || name == "G" || name == "U");
      chain.nucleotides.push_back(observed.nucleotide);
      positions.push_back({static_cast<int>(i), observed.sequence_position});
    }
    if (counts_.dna > 0) chain.molecule_kind = "DNA/RNA hybrid";
    assign_residue_indices(chain.nucleotides, positions);
    if (chain.n_breaks() > 0 && seqres() != nullptr) place_gaps(chain, positions);
    return chain;
  }

  // Measures the gaps of a PDB file by its SEQRES.
  void place_gaps(Chain& chain, std::vector<PolymerPosition>& positions) const {
    const std::vector<int> in_sequence = place_in_sequence(nucleotides(), seqres()->full_sequence);
    if (in_sequence.empty()) return;
    for (PolymerPosition& position : positions) {
      position.sequence_position = in_sequence[static_cast<std::size_t>(position.place)];
    }
    assign_residue_indices(chain.nucleotides, positions);
  }

  RejectedChain rejection() const {
    if (counts_.rna > 0) {
      return {parts_.id, "no frame", fmt::format("none of its {} nucleotides has C3', C4' and O4'", counts_.rna)};
    }
    if (counts_.amino_acids > counts_.dna) {
      return {parts_.id, "protein", fmt::format("{} amino acids", counts_.amino_acids)};
    }
    if (counts_.unmarked_dna > 0) {
      return {parts_.id, "DNA",
              fmt::format("{} deoxynucleotides; {} of them have names of RNA but no O2'", counts_.dna,
                          counts_.unmarked_dna)};
    }
    if (counts_.dna > 0) return {parts_.id, "DNA", fmt::format("{} deoxynucleotides", counts_.dna)};
    return {parts_.id, "no polymer", fmt::format("only ligands, ions or water: {} residues", parts_.residues.size())};
  }

  const gemmi::Structure& parsed_;
  const FileResidues& file_residues_;
  const ChainParts& parts_;
  std::vector<Candidate> candidates_;
  ResidueCounts counts_;
};

}  // namespace

void append_chains(const gemmi::Structure& parsed, const gemmi::Model& model, const FileResidues& file_residues,
                   Structure& structure) {
  for (const ChainParts& parts : chain_parts(model)) {
    ChainBuilder(parsed, file_residues, parts).build(structure);
  }
}

}  // namespace flashrna
