#include "datasets/chain_rows.h"

#include <limits>
#include <sstream>

#include "base/error.h"
#include "base/utf8.h"
#include "datasets/chain_chi.h"
#include "datasets/chain_pairs.h"
#include "datasets/schema.h"
#include "rna/frame.h"
#include "rna/torsion.h"

namespace flashrna {

namespace {

[[noreturn]] void fail_residue(const Chain& chain, const Nucleotide& nucleotide, const std::string& what) {
  std::string number = std::to_string(nucleotide.seq_id);
  if (nucleotide.insertion_code != ' ') number += nucleotide.insertion_code;
  fail("chain \"{}\", residue {} {}: {}", chain.id, nucleotide.name, number, what);
}

void check_nucleotide(const Chain& chain, const Nucleotide& nucleotide) {
  if (!nucleotide.has_frame()) {
    fail_residue(chain, nucleotide, "C3', C4' or O4' is missing, or the three lie on one line");
  }
  if (to_valid_utf8(nucleotide.name).size() > kResidueNameWidth) {
    fail_residue(chain, nucleotide, fmt::format("its name is longer than {} bytes", kResidueNameWidth));
  }
  if (nucleotide.chain_in_structure < 0 || nucleotide.chain_in_structure > std::numeric_limits<std::uint8_t>::max()) {
    fail_residue(
        chain, nucleotide,
        fmt::format("it is in chain {} of its entry; at most 256 chains can be stored", nucleotide.chain_in_structure));
  }
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    if (nucleotide.has(slot) && !nucleotide.atoms[slot].allFinite()) {
      fail_residue(chain, nucleotide,
                   fmt::format("atom {} has a coordinate that is not a number", atom_name(nucleotide.base, slot)));
    }
  }
}

void append(std::vector<float>& values, const Vec3& v) {
  for (int axis = 0; axis < 3; ++axis) values.push_back(static_cast<float>(v[axis]));
}

// Reserves exactly the memory that the rows need: many chains may wait in the writer's queue.
void reserve(ChainRows& rows) {
  const auto length = static_cast<std::size_t>(rows.length);
  rows.nucleotide.reserve(length);
  rows.residue_name.reserve(length);
  rows.seq_id.reserve(length);
  rows.insertion_code.reserve(length);
  rows.chain_in_structure.reserve(length);
  rows.residue_index.reserve(length);
  rows.b_factor.reserve(length);
  rows.atom_positions.reserve(length * kAtomSlots * 3);
  rows.atom_mask.reserve(length);
  rows.frame_rotation.reserve(length * 9);
  rows.frame_translation.reserve(length * 3);
  rows.torsion_sin_cos.reserve(length * kTorsions * 2);
  rows.torsion_mask.reserve(length);
}

void append_geometry(ChainRows& rows, const Nucleotide& nucleotide) {
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    append(rows.atom_positions, nucleotide.has(slot) ? nucleotide.atoms[slot] : Vec3(Vec3::Zero()));
  }
  rows.atom_mask.push_back(nucleotide.atom_mask);
  const RigidTransform frame = frame_of(nucleotide);
  for (int row = 0; row < 3; ++row) append(rows.frame_rotation, frame.rotation.row(row));
  append(rows.frame_translation, frame.translation);
  const Torsions torsions = torsions_of(nucleotide);
  for (const auto& sin_cos : torsions.sin_cos) {
    rows.torsion_sin_cos.push_back(static_cast<float>(sin_cos[0]));
    rows.torsion_sin_cos.push_back(static_cast<float>(sin_cos[1]));
  }
  rows.torsion_mask.push_back(torsions.mask);
}

}  // namespace

ChainRows chain_rows(const Chain& chain) {
  ChainRows rows;
  rows.length = static_cast<int>(chain.nucleotides.size());
  reserve(rows);
  for (const Nucleotide& nucleotide : chain.nucleotides) {
    check_nucleotide(chain, nucleotide);
    rows.nucleotide.push_back(static_cast<std::uint8_t>(nucleotide.base));
    rows.residue_name.push_back(to_valid_utf8(nucleotide.name));
    rows.seq_id.push_back(nucleotide.seq_id);
    const bool printable = nucleotide.insertion_code >= ' ' && nucleotide.insertion_code <= '~';
    rows.insertion_code.push_back(printable ? nucleotide.insertion_code : '?');
    rows.chain_in_structure.push_back(static_cast<std::uint8_t>(nucleotide.chain_in_structure));
    rows.residue_index.push_back(nucleotide.residue_index);
    rows.b_factor.push_back(nucleotide.b_factor);
    append_geometry(rows, nucleotide);
  }
  rows.partner = base_pairs_of(nucleotides_of(rows));
  rows.chi_sin_cos = chi_of_chain(rows, rows.residue_name);
  return rows;
}

std::vector<Nucleotide> nucleotides_of(const ChainRows& rows) {
  std::vector<Nucleotide> nucleotides(rows.length);
  for (int i = 0; i < rows.length; ++i) {
    Nucleotide& nucleotide = nucleotides[i];
    nucleotide.base = static_cast<Base>(rows.nucleotide[i]);
    nucleotide.name = rows.residue_name[i];
    nucleotide.seq_id = rows.seq_id[i];
    nucleotide.insertion_code = rows.insertion_code[i];
    nucleotide.residue_index = rows.residue_index[i];
    nucleotide.chain_in_structure = rows.chain_in_structure[i];
    nucleotide.b_factor = rows.b_factor[i];
    nucleotide.atom_mask = rows.atom_mask[i];
    const float* position = &rows.atom_positions[static_cast<std::size_t>(i) * kAtomSlots * 3];
    for (int slot = 0; slot < kAtomSlots; ++slot, position += 3) {
      nucleotide.atoms[slot] = Vec3(position[0], position[1], position[2]);
    }
  }
  return nucleotides;
}

Structure structure_of(const ChainRecord& record, const ChainRows& rows) {
  Structure structure;
  structure.entry = record.entry;
  structure.model = record.model;
  structure.method = record.method;
  structure.resolution = record.resolution;
  structure.release_date = record.release_date;
  std::istringstream ids(record.chain_ids);
  for (std::string id; std::getline(ids, id, ',');) structure.chains.emplace_back().id = id;
  if (structure.chains.empty()) structure.chains.emplace_back().id = record.chain_ids;
  for (Nucleotide& nucleotide : nucleotides_of(rows)) {
    const auto place = static_cast<std::size_t>(nucleotide.chain_in_structure);
    if (place >= structure.chains.size()) {
      fail("{}: damaged: a residue is in chain {} of its entry, which has {}", record.id, place,
           structure.chains.size());
    }
    structure.chains[place].nucleotides.push_back(std::move(nucleotide));
  }
  return structure;
}

}  // namespace flashrna
