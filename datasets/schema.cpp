#include "datasets/schema.h"

#include <array>

#include "rna/nucleotide.h"
#include "rna/torsion.h"

namespace flashrna {

namespace {

constexpr auto kText = Hdf5Type::kText;
constexpr auto kInt32 = Hdf5Type::kInt32;
constexpr auto kInt64 = Hdf5Type::kInt64;
constexpr auto kFloat32 = Hdf5Type::kFloat32;
constexpr auto kUInt8 = Hdf5Type::kUInt8;
constexpr auto kUInt32 = Hdf5Type::kUInt32;

const std::array<SchemaGroup, 3> kGroups = {{
    {kChainsGroup, 512, "one row per chain; its residues are rows offset[i] to offset[i + 1] of /residues"},
    {kResiduesGroup, 1024, "one row per nucleotide that has C3', C4' and O4', chain after chain"},
    {kRejectedGroup, 512, "one row per input chain (or whole file: chain is empty) that is not in /chains"},
}};

const std::array<SchemaColumn, 38> kColumns = {{
    {"chains", "id", kText, {}, 0, "", "unique name: entry_model_chain"},
    {"chains",
     "entry",
     kText,
     {},
     0,
     "",
     "PDB identifier in the file or at the beginning of its name, else the name's stem"},
    {"chains", "model", kInt32, {}, 0, "1", "number of the model in the source file, from 1"},
    {"chains", "chain_ids", kText, {}, 0, "", "author's chain identifiers, separated by commas"},
    {"chains", "molecule_kind", kText, {}, 0, "", "RNA or DNA/RNA hybrid"},
    {"chains", "length", kInt32, {}, 0, "nucleotides", "nucleotides stored, those with a frame"},
    {"chains", "n_without_frame", kInt32, {}, 0, "nucleotides", "RNA nucleotides left out: C3', C4' or O4' is missing"},
    {"chains", "n_breaks", kInt32, {}, 0, "1", "neighboring rows whose residue_index does not rise by exactly 1"},
    {"chains",
     "offset",
     kInt64,
     {},
     0,
     "rows",
     "first row in /residues; one more entry than chains, the last is the end"},
    {"chains", "resolution", kFloat32, {}, 0, "angstrom", "resolution; 0 where unknown"},
    {"chains", "method", kText, {}, 0, "", "experimental method as in the source file; empty where unknown"},
    {"chains", "release_date", kText, {}, 0, "", "YYYY-MM-DD; empty where unknown"},
    {"chains", "n_modified", kInt32, {}, 0, "nucleotides", "stored nucleotides not named A, C, G or U"},
    {"chains", "sequence_cluster", kInt32, {}, 0, "1", "cluster of similar sequences; -1 = not assigned"},
    {"chains", "structure_cluster", kInt32, {}, 0, "1", "cluster of similar structures; -1 = not assigned"},
    {"chains", "split", kText, {}, 0, "", "train, validation or test; empty = not assigned"},
    {"chains", "source_file", kText, {}, 0, "", "source file, from the name of the given input on"},
    {"chains",
     "source_sha256",
     kText,
     {},
     64,
     "",
     "SHA-256 of the source file as it was on disk or in its archive, hexadecimal"},

    {"residues", "nucleotide", kUInt8, {}, 0, "1", "parent base: 0 = A, 1 = C, 2 = G, 3 = U, 4 = unknown"},
    {"residues", "parent_name", kText, {}, 1, "", "parent base as a letter: A, C, G, U or N"},
    {"residues", "residue_name", kText, {}, kResidueNameWidth, "", "residue name in the source file, e.g. PSU"},
    {"residues", "seq_id", kInt32, {}, 0, "1", "author's residue number"},
    {"residues", "insertion_code", kText, {}, 1, "", "author's insertion code; empty where there is none"},
    {"residues", "chain_in_structure", kUInt8, {}, 0, "1", "which of the entry's chain_ids, from 0"},
    {"residues",
     "residue_index",
     kInt32,
     {},
     0,
     "1",
     "from 0; rises by 1 to a bonded neighbor, by at least 2 across a gap, by 201 at the join of two chains"},
    {"residues",
     "atom_positions",
     kFloat32,
     {kAtomSlots, 3},
     0,
     "angstrom",
     "heavy atoms by slot: P OP1 OP2 O5' C5' C4' O4' C3' O3' C2' O2' C1', the ring atom bonded to C1', up to 10 more "
     "of the base; 0 where absent"},
    {"residues", "atom_mask", kUInt32, {}, 0, "1", "bit s is set where the atom of slot s is present"},
    {"residues", "frame_rotation", kFloat32, {3, 3}, 0, "1", "frame's axes as columns: x along C4'-O4', C3' has y > 0"},
    {"residues", "frame_translation", kFloat32, {3}, 0, "angstrom", "frame's origin: C4'"},
    {"residues",
     "torsion_sin_cos",
     kFloat32,
     {kTorsions, 2},
     0,
     "1",
     "sine and cosine of bb2_1, bb2_2, bb2_3, delta, gamma, beta, alpha1, alpha2; (0, 1) where undefined"},
    {"residues", "torsion_mask", kUInt8, {}, 0, "1", "bit k is set where the four atoms of torsion k are present"},
    {"residues", "b_factor", kFloat32, {}, 0, "angstrom^2", "mean B factor of the stored atoms"},
    {"residues",
     "partner",
     kInt32,
     {},
     0,
     "1",
     "base-pair partner, as a position in this chain or assembly from 0; -1 = unpaired, -2 = not known",
     2},
    {"residues",
     "chi_sin_cos",
     kFloat32,
     {2},
     0,
     "1",
     "sine and cosine of chi: O4' C1' N9 C4, O4' C1' N1 C2 or O4' C1' C5 C4; (0, 0) where undefined",
     3},

    {"rejected", "source", kText, {}, 0, "", "source file, from the name of the given input on"},
    {"rejected", "chain", kText, {}, 0, "", "author's chain identifier; empty = the whole file"},
    {"rejected", "reason", kText, {}, 0, "", "one of a few fixed words"},
    {"rejected", "detail", kText, {}, 0, "", "what was found"},
}};

}  // namespace

std::span<const SchemaGroup> dataset_groups() { return kGroups; }

std::span<const SchemaColumn> dataset_columns() { return kColumns; }

}  // namespace flashrna
