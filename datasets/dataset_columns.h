// The columns of a dataset, each with the member of a record (dataset_records.h) that it holds. Schema, writer and
// reader go through these tables.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "datasets/dataset_records.h"
#include "datasets/schema.h"

namespace flashrna {

template <typename Record, typename Member>
struct Column {
  using RecordType = Record;
  using MemberType = Member;
  SchemaColumn schema;
  Member Record::*member;
};

// A column that the writer computes and that the reader does not need or treats by itself.
struct ComputedColumn {
  SchemaColumn schema;
};

// The type of a column that holds a member: of one number or text for a row, or of a vector with the numbers of all
// rows. Text also for ChainRows::insertion_code, a character for each row.
template <typename Member>
constexpr Hdf5Type column_type() {
  if constexpr (std::is_same_v<Member, int> || std::is_same_v<Member, std::vector<std::int32_t>>) {
    return Hdf5Type::kInt32;
  } else if constexpr (std::is_same_v<Member, float> || std::is_same_v<Member, std::vector<float>>) {
    return Hdf5Type::kFloat32;
  } else if constexpr (std::is_same_v<Member, std::vector<std::uint8_t>>) {
    return Hdf5Type::kUInt8;
  } else if constexpr (std::is_same_v<Member, std::vector<std::uint32_t>>) {
    return Hdf5Type::kUInt32;
  } else {
    static_assert(std::is_same_v<Member, std::string> || std::is_same_v<Member, std::vector<std::string>>);
    return Hdf5Type::kText;
  }
}

template <typename Record, typename Member>
Column<Record, Member> column(const char* group, const char* name, Member Record::*member, const char* unit,
                              const char* description, Hdf5Shape row = {}, std::size_t text_width = 0, int since = 1,
                              std::optional<Polymer> only = std::nullopt) {
  return {{group, name, column_type<Member>(), std::move(row), text_width, unit, description, since, only}, member};
}

// Calls use(column) for every column of a table, in the order of writing.
template <typename Table, typename Use>
void for_each_column(const Table& table, const Use& use) {
  std::apply([&](const auto&... columns) { (use(columns), ...); }, table);
}

namespace detail {

inline auto make_chain_columns(Polymer polymer) {
  const bool rna = polymer == Polymer::kRna;
  const char* const unit = rna ? "nucleotides" : "amino acids";
  return std::tuple{
      column("chains", "id", &ChainRecord::id, "", "unique name: entry_model_chain"),
      column("chains", "entry", &ChainRecord::entry, "",
             "PDB identifier in the file or at the beginning of its name, else the name's stem"),
      column("chains", "model", &ChainRecord::model, "1", "number of the model in the source file, from 1"),
      column("chains", "chain_ids", &ChainRecord::chain_ids, "", "author's chain identifiers, separated by commas"),
      column("chains", "molecule_kind", &ChainRecord::molecule_kind, "", rna ? "RNA or DNA/RNA hybrid" : "protein"),
      column("chains", "length", &ChainRecord::length, unit,
             rna ? "nucleotides stored, those with a frame" : "amino acids stored, those with a frame"),
      column(
          "chains", "n_without_frame", &ChainRecord::n_without_frame, unit,
          rna ? "RNA nucleotides left out: C3', C4' or O4' is missing" : "amino acids left out: N, CA or C is missing"),
      column("chains", "n_breaks", &ChainRecord::n_breaks, "1",
             "neighboring rows whose residue_index does not rise by exactly 1"),
      ComputedColumn{{"chains",
                      "offset",
                      Hdf5Type::kInt64,
                      {},
                      0,
                      "rows",
                      "first row in /residues; one more entry than chains, the last is the end"}},
      column("chains", "resolution", &ChainRecord::resolution, "angstrom", "resolution; 0 where unknown"),
      column("chains", "method", &ChainRecord::method, "",
             "experimental method as in the source file; empty where unknown"),
      column("chains", "release_date", &ChainRecord::release_date, "", "YYYY-MM-DD; empty where unknown"),
      column("chains", "n_modified", &ChainRecord::n_modified, unit,
             rna ? "stored nucleotides not named A, C, G or U" : "stored amino acids not named as one of the 20"),
      column("chains", "sequence_cluster", &ChainRecord::sequence_cluster, "1",
             "cluster of similar sequences; -1 = not assigned"),
      column("chains", "structure_cluster", &ChainRecord::structure_cluster, "1",
             "cluster of similar structures; -1 = not assigned"),
      column("chains", "split", &ChainRecord::split, "", "train, validation or test; empty = not assigned"),
      column("chains", "source_file", &ChainRecord::source_file, "",
             "source file, from the name of the given input on"),
      column("chains", "source_sha256", &ChainRecord::source_sha256, "",
             "SHA-256 of the source file as it was on disk or in its archive, hexadecimal", {}, 64)};
}

inline auto make_residue_columns(Polymer polymer) {
  const bool rna = polymer == Polymer::kRna;
  const auto slots = static_cast<std::uint64_t>(traits_of(polymer).atom_slots);
  const auto torsions = static_cast<std::uint64_t>(traits_of(polymer).torsions);
  return std::tuple{
      column("residues", rna ? "nucleotide" : "amino_acid", &ChainFeatures::nucleotide, "1",
             rna ? "parent base: 0 = A, 1 = C, 2 = G, 3 = U, 4 = unknown"
                 : "parent, in the order of the letters A C D E F G H I K L M N P Q R S T V W Y; 20 = unknown"),
      ComputedColumn{{"residues",
                      "parent_name",
                      Hdf5Type::kText,
                      {},
                      1,
                      "",
                      rna ? "parent base as a letter: A, C, G, U or N" : "parent as a letter; X = unknown"}},
      column("residues", "residue_name", &ChainRows::residue_name, "",
             rna ? "residue name in the source file, e.g. PSU" : "residue name in the source file, e.g. MSE", {},
             kResidueNameWidth),
      column("residues", "seq_id", &ChainRows::seq_id, "1", "author's residue number"),
      column("residues", "insertion_code", &ChainRows::insertion_code, "",
             "author's insertion code; empty where there is none", {}, 1),
      column("residues", "chain_in_structure", &ChainFeatures::chain_in_structure, "1",
             "which of the entry's chain_ids, from 0"),
      column("residues", "residue_index", &ChainFeatures::residue_index, "1",
             "from 0; rises by 1 to a bonded neighbor, by at least 2 across a gap, by 201 at the join of two chains"),
      column("residues", "atom_positions", &ChainFeatures::atom_positions, "angstrom",
             rna ? "heavy atoms by slot: P OP1 OP2 O5' C5' C4' O4' C3' O3' C2' O2' C1', the ring atom bonded to C1', "
                   "up to 10 more of the base; 0 where absent"
                 : "heavy atoms by slot: N CA C CB O; 0 where absent",
             {slots, 3}),
      column("residues", "atom_mask", &ChainFeatures::atom_mask, "1",
             "bit s is set where the atom of slot s is present"),
      column("residues", "frame_rotation", &ChainFeatures::frame_rotation, "1",
             rna ? "frame's axes as columns: x along C4'-O4', C3' has y > 0"
                 : "frame's axes as columns: x along CA-C, N has y > 0",
             {3, 3}),
      column("residues", "frame_translation", &ChainFeatures::frame_translation, "angstrom",
             rna ? "frame's origin: C4'" : "frame's origin: CA", {3}),
      column("residues", "torsion_sin_cos", &ChainFeatures::torsion_sin_cos, "1",
             rna ? "sine and cosine of bb2_1, bb2_2, bb2_3, delta, gamma, beta, alpha1, alpha2; (0, 1) where undefined"
                 : "sine and cosine of psi, which is the torsion N CA C O plus 180 degrees; (0, 1) where undefined",
             {torsions, 2}),
      column("residues", "torsion_mask", &ChainFeatures::torsion_mask, "1",
             "bit k is set where the four atoms of torsion k are present"),
      column("residues", "b_factor", &ChainRows::b_factor, "angstrom^2", "mean B factor of the stored atoms"),
      column("residues", "partner", &ChainFeatures::partner, "1",
             "base-pair partner, as a position in this chain or assembly from 0; -1 = unpaired, -2 = not known", {}, 0,
             2, Polymer::kRna),
      column("residues", "chi_sin_cos", &ChainFeatures::chi_sin_cos, "1",
             "sine and cosine of chi: O4' C1' N9 C4, O4' C1' N1 C2 or O4' C1' C5 C4; (0, 0) where undefined", {2}, 0, 3,
             Polymer::kRna)};
}

}  // namespace detail

inline const auto& chain_columns(Polymer polymer) {
  static const std::array tables{detail::make_chain_columns(Polymer::kRna),
                                 detail::make_chain_columns(Polymer::kProtein)};
  return tables[static_cast<std::size_t>(polymer)];
}

inline const auto& residue_columns(Polymer polymer) {
  static const std::array tables{detail::make_residue_columns(Polymer::kRna),
                                 detail::make_residue_columns(Polymer::kProtein)};
  return tables[static_cast<std::size_t>(polymer)];
}

inline const auto& rejected_columns() {
  static const std::tuple columns{
      column("rejected", "source", &RejectedRecord::source, "", "source file, from the name of the given input on"),
      column("rejected", "chain", &RejectedRecord::chain, "", "author's chain identifier; empty = the whole file"),
      column("rejected", "reason", &RejectedRecord::reason, "", "one of a few fixed words"),
      column("rejected", "detail", &RejectedRecord::detail, "", "what was found")};
  return columns;
}

}  // namespace flashrna
