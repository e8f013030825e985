#include "datasets/chain_rows.h"

#include <limits>
#include <sstream>

#include "base/error.h"
#include "base/utf8.h"
#include "datasets/chain_chi.h"
#include "datasets/chain_pairs.h"
#include "datasets/protein_rows.h"
#include "datasets/schema.h"
#include "protein/backbone.h"
#include "rna/frame.h"
#include "rna/torsion.h"

namespace flashrna {

namespace {

// What the rows of a residue need to know of its polymer.
struct RnaRows {
  using Residue = Nucleotide;
  static constexpr Polymer kPolymer = Polymer::kRna;
  static constexpr int kSlots = kAtomSlots;
  static constexpr const char* kFrameAtoms = "C3', C4' or O4'";

  static std::uint8_t type(const Nucleotide& nucleotide) { return static_cast<std::uint8_t>(nucleotide.base); }
  static void set_type(Nucleotide& nucleotide, std::uint8_t type) { nucleotide.base = static_cast<Base>(type); }
  static std::string_view atom_name_of(const Nucleotide& nucleotide, int slot) {
    return atom_name(nucleotide.base, slot);
  }
  static void append_torsions(const Nucleotide& nucleotide, ChainRows& rows) {
    const Torsions torsions = torsions_of(nucleotide);
    for (const auto& sin_cos : torsions.sin_cos) {
      rows.torsion_sin_cos.push_back(static_cast<float>(sin_cos[0]));
      rows.torsion_sin_cos.push_back(static_cast<float>(sin_cos[1]));
    }
    rows.torsion_mask.push_back(torsions.mask);
  }
};

struct ProteinRows {
  using Residue = ProteinResidue;
  static constexpr Polymer kPolymer = Polymer::kProtein;
  static constexpr int kSlots = kProteinAtomSlots;
  static constexpr const char* kFrameAtoms = "N, CA or C";

  static std::uint8_t type(const ProteinResidue& residue) { return static_cast<std::uint8_t>(residue.type); }
  static void set_type(ProteinResidue& residue, std::uint8_t type) { residue.type = static_cast<AminoAcid>(type); }
  static std::string_view atom_name_of(const ProteinResidue&, int slot) {
    return kProteinAtomNames[static_cast<std::size_t>(slot)];
  }
  static void append_torsions(const ProteinResidue& residue, ChainRows& rows) {
    const auto psi = psi_of(residue);
    for (const double value : psi.value_or(std::array{0.0, 1.0})) {
      rows.torsion_sin_cos.push_back(static_cast<float>(value));
    }
    rows.torsion_mask.push_back(psi ? 1 : 0);
  }
};

template <typename Kind>
[[noreturn]] void fail_residue(const std::string& chain, const typename Kind::Residue& residue,
                               const std::string& what) {
  std::string number = std::to_string(residue.seq_id);
  if (residue.insertion_code != ' ') number += residue.insertion_code;
  fail("chain \"{}\", residue {} {}: {}", chain, residue.name, number, what);
}

template <typename Kind>
void check_residue(const std::string& chain, const typename Kind::Residue& residue) {
  if (!residue.has_frame()) {
    fail_residue<Kind>(chain, residue, fmt::format("{} is missing, or the three lie on one line", Kind::kFrameAtoms));
  }
  if (to_valid_utf8(residue.name).size() > kResidueNameWidth) {
    fail_residue<Kind>(chain, residue, fmt::format("its name is longer than {} bytes", kResidueNameWidth));
  }
  if (residue.chain_in_structure < 0 || residue.chain_in_structure > std::numeric_limits<std::uint8_t>::max()) {
    fail_residue<Kind>(
        chain, residue,
        fmt::format("it is in chain {} of its entry; at most 256 chains can be stored", residue.chain_in_structure));
  }
  for (int slot = 0; slot < Kind::kSlots; ++slot) {
    if (residue.has(slot) && !residue.atoms[static_cast<std::size_t>(slot)].allFinite()) {
      fail_residue<Kind>(
          chain, residue,
          fmt::format("atom {} has a coordinate that is not a number", Kind::atom_name_of(residue, slot)));
    }
  }
}

void append(std::vector<float>& values, const Vec3& v) {
  for (int axis = 0; axis < 3; ++axis) values.push_back(static_cast<float>(v[axis]));
}

// Reserves exactly the memory that the rows need: many chains may wait in the writer's queue.
void reserve(ChainRows& rows) {
  const auto length = static_cast<std::size_t>(rows.length);
  const PolymerTraits& traits = traits_of(rows.polymer);
  rows.nucleotide.reserve(length);
  rows.residue_name.reserve(length);
  rows.seq_id.reserve(length);
  rows.insertion_code.reserve(length);
  rows.chain_in_structure.reserve(length);
  rows.residue_index.reserve(length);
  rows.b_factor.reserve(length);
  rows.atom_positions.reserve(length * static_cast<std::size_t>(traits.atom_slots) * 3);
  rows.atom_mask.reserve(length);
  rows.frame_rotation.reserve(length * 9);
  rows.frame_translation.reserve(length * 3);
  rows.torsion_sin_cos.reserve(length * static_cast<std::size_t>(traits.torsions) * 2);
  rows.torsion_mask.reserve(length);
}

template <typename Kind>
void append_geometry(ChainRows& rows, const typename Kind::Residue& residue) {
  for (int slot = 0; slot < Kind::kSlots; ++slot) {
    append(rows.atom_positions, residue.has(slot) ? residue.atoms[static_cast<std::size_t>(slot)] : Vec3(Vec3::Zero()));
  }
  rows.atom_mask.push_back(residue.atom_mask);
  const RigidTransform frame = frame_of(residue);
  for (int row = 0; row < 3; ++row) append(rows.frame_rotation, frame.rotation.row(row));
  append(rows.frame_translation, frame.translation);
  Kind::append_torsions(residue, rows);
}

template <typename Kind>
ChainRows rows_of(const std::string& chain, const std::vector<typename Kind::Residue>& residues) {
  ChainRows rows;
  rows.polymer = Kind::kPolymer;
  rows.length = static_cast<int>(residues.size());
  reserve(rows);
  for (const auto& residue : residues) {
    check_residue<Kind>(chain, residue);
    rows.nucleotide.push_back(Kind::type(residue));
    rows.residue_name.push_back(to_valid_utf8(residue.name));
    rows.seq_id.push_back(residue.seq_id);
    const bool printable = residue.insertion_code >= ' ' && residue.insertion_code <= '~';
    rows.insertion_code.push_back(printable ? residue.insertion_code : '?');
    rows.chain_in_structure.push_back(static_cast<std::uint8_t>(residue.chain_in_structure));
    rows.residue_index.push_back(residue.residue_index);
    rows.b_factor.push_back(residue.b_factor);
    append_geometry<Kind>(rows, residue);
  }
  return rows;
}

template <typename Kind>
std::vector<typename Kind::Residue> residues_of(const ChainRows& rows) {
  std::vector<typename Kind::Residue> residues(static_cast<std::size_t>(rows.length));
  for (std::size_t i = 0; i < residues.size(); ++i) {
    auto& residue = residues[i];
    Kind::set_type(residue, rows.nucleotide[i]);
    residue.name = rows.residue_name[i];
    residue.seq_id = rows.seq_id[i];
    residue.insertion_code = rows.insertion_code[i];
    residue.residue_index = rows.residue_index[i];
    residue.chain_in_structure = rows.chain_in_structure[i];
    residue.b_factor = rows.b_factor[i];
    residue.atom_mask = rows.atom_mask[i];
    const float* position = &rows.atom_positions[i * Kind::kSlots * 3];
    for (std::size_t slot = 0; slot < Kind::kSlots; ++slot, position += 3) {
      residue.atoms[slot] = Vec3(position[0], position[1], position[2]);
    }
  }
  return residues;
}

// `Whole`: Structure or ProteinStructure. `member`: the residues of its chains.
template <typename Whole, typename ChainType, typename Residue>
Whole whole_structure(const ChainRecord& record, std::vector<Residue>&& residues,
                      std::vector<Residue> ChainType::*member) {
  Whole structure;
  structure.entry = record.entry;
  structure.model = record.model;
  structure.method = record.method;
  structure.resolution = record.resolution;
  structure.release_date = record.release_date;
  std::istringstream ids(record.chain_ids);
  for (std::string id; std::getline(ids, id, ',');) structure.chains.emplace_back().id = id;
  if (structure.chains.empty()) structure.chains.emplace_back().id = record.chain_ids;
  for (Residue& residue : residues) {
    const auto place = static_cast<std::size_t>(residue.chain_in_structure);
    if (place >= structure.chains.size()) {
      fail("{}: damaged: a residue is in chain {} of its entry, which has {}", record.id, place,
           structure.chains.size());
    }
    (structure.chains[place].*member).push_back(std::move(residue));
  }
  return structure;
}

}  // namespace

ChainRows chain_rows(const Chain& chain) {
  ChainRows rows = rows_of<RnaRows>(chain.id, chain.nucleotides);
  rows.partner = base_pairs_of(nucleotides_of(rows));
  rows.chi_sin_cos = chi_of_chain(rows, rows.residue_name);
  return rows;
}

ChainRows chain_rows(const ProteinChain& chain) { return rows_of<ProteinRows>(chain.id, chain.residues); }

std::vector<Nucleotide> nucleotides_of(const ChainRows& rows) { return residues_of<RnaRows>(rows); }

std::vector<ProteinResidue> protein_residues_of(const ChainRows& rows) { return residues_of<ProteinRows>(rows); }

Structure structure_of(const ChainRecord& record, const ChainRows& rows) {
  return whole_structure<Structure>(record, nucleotides_of(rows), &Chain::nucleotides);
}

ProteinStructure protein_structure_of(const ChainRecord& record, const ChainRows& rows) {
  return whole_structure<ProteinStructure>(record, protein_residues_of(rows), &ProteinChain::residues);
}

char parent_letter(Polymer polymer, std::uint8_t type) {
  return polymer == Polymer::kRna ? base_letter(static_cast<Base>(type))
                                  : amino_acid_letter(static_cast<AminoAcid>(type));
}

}  // namespace flashrna
