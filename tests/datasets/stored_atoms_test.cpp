// Compares atoms that were converted and read back from HDF5 with the atoms of the files, read independently with
// gemmi.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <gemmi/cif.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/pdb.hpp>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "base/gzip.h"
#include "datasets/chain_rows.h"
#include "datasets/conversion.h"
#include "datasets/dataset_reader.h"
#include "tests/datasets/example_structures.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

// The layout, written out independently.
const std::vector<std::string> kSugarPhosphate = {"P",   "OP1", "OP2", "O5'", "C5'", "C4'",
                                                  "O4'", "C3'", "O3'", "C2'", "O2'", "C1'"};
const std::map<Base, std::vector<std::string>> kBaseAtoms = {
    {Base::A, {"N9", "C8", "N7", "C5", "C6", "N6", "N1", "C2", "N3", "C4"}},
    {Base::C, {"N1", "C2", "O2", "N3", "C4", "N4", "C5", "C6"}},
    {Base::G, {"N9", "C8", "N7", "C5", "C6", "O6", "N1", "C2", "N2", "N3", "C4"}},
    {Base::U, {"N1", "C2", "O2", "N3", "C4", "O4", "C5", "C6"}},
    {Base::N, {}},
};

gemmi::Structure parse(const std::string& path) {
  std::string text = file_bytes(path);
  if (is_gzip(text)) text = gunzip(text, path);
  if (path.find(".cif") != std::string::npos) {
    return gemmi::make_structure(gemmi::cif::read_memory(text.data(), text.size(), path.c_str()));
  }
  std::replace(text.begin(), text.end(), '\r', '\n');  // two lines of trna12H.pdb end with a carriage return
  return gemmi::read_pdb_from_memory(text.data(), text.size(), path);
}

std::string todays_name(std::string name) {
  std::replace(name.begin(), name.end(), '*', '\'');
  return name == "O1P" ? "OP1" : name == "O2P" ? "OP2" : name;
}

// The letter of the alternate location with the highest mean occupancy, at ties the first; '\0' without alternates.
char chosen_alternate(const gemmi::Residue& residue) {
  std::vector<char> letters;
  std::map<char, std::vector<double>> occupancies;
  for (const gemmi::Atom& atom : residue.atoms) {
    if (atom.altloc == '\0' || atom.is_hydrogen()) continue;
    if (!occupancies.contains(atom.altloc)) letters.push_back(atom.altloc);
    occupancies[atom.altloc].push_back(atom.occ);
  }
  char best = '\0';
  double highest = -1.0;
  for (const char letter : letters) {
    const std::vector<double>& all = occupancies[letter];
    double mean = 0.0;
    for (const double occupancy : all) mean += occupancy / static_cast<double>(all.size());
    if (mean > highest + 1e-4) best = letter, highest = mean;
  }
  return best;
}

using Atoms = std::map<std::string, const gemmi::Atom*>;  // by current name

Atoms atoms_of(const gemmi::Residue& residue) {
  const char alternate = chosen_alternate(residue);
  Atoms atoms;
  for (const gemmi::Atom& atom : residue.atoms) {
    if (atom.altloc == '\0' || atom.altloc == alternate) atoms.emplace(todays_name(atom.name), &atom);
  }
  return atoms;
}

// In a pyrimidine whose C5 is bonded to C1' (pseudouridine, whatever its name), C5 has the slot of N1 and N1 that of
// C5.
std::vector<std::string> slot_names(Base base, const Atoms& atoms) {
  std::vector<std::string> names = kSugarPhosphate;
  names.insert(names.end(), kBaseAtoms.at(base).begin(), kBaseAtoms.at(base).end());
  const bool is_pyrimidine = base == Base::C || base == Base::U;
  if (is_pyrimidine && atoms.contains("C5") && atoms.contains("C1'") &&
      atoms.at("C5")->pos.dist(atoms.at("C1'")->pos) < 1.8) {
    std::iter_swap(std::find(names.begin(), names.end(), "N1"), std::find(names.begin(), names.end(), "C5"));
  }
  return names;
}

using Label = std::tuple<std::string, int, char, std::string>;  // chain, number, insertion code, residue name

std::map<Label, const gemmi::Residue*> residues_by_label(const gemmi::Structure& parsed) {
  std::map<Label, const gemmi::Residue*> residues;
  for (const gemmi::Chain& chain : parsed.models.at(0).chains) {
    for (const gemmi::Residue& residue : chain.residues) {
      const Label label(chain.name, *residue.seqid.num, residue.seqid.icode, residue.name);
      EXPECT_TRUE(residues.emplace(label, &residue).second || residue.is_water()) << "two residues " << residue.str();
    }
  }
  return residues;
}

struct Comparison {
  double largest_distance = 0.0;  // Å
  double largest_b_factor_difference = 0.0;
  int n_atoms = 0;
};

// Compares in both directions: every atom of the file with a slot is stored in it, and no other atom is stored.
void compare(const Nucleotide& stored, const gemmi::Residue& residue, Comparison& result) {
  const Atoms atoms = atoms_of(residue);
  const std::vector<std::string> names = slot_names(stored.base, atoms);
  double b_factor_sum = 0.0;
  int n_stored = 0;
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    const auto atom = slot < static_cast<int>(names.size()) ? atoms.find(names[slot]) : atoms.end();
    ASSERT_EQ(stored.has(slot), atom != atoms.end()) << stored.name << stored.seq_id << ", slot " << slot;
    if (!stored.has(slot)) continue;
    const gemmi::Position& position = atom->second->pos;
    const double distance = (stored.atoms[slot] - Vec3(position.x, position.y, position.z)).norm();
    EXPECT_LE(distance, 1e-3) << stored.name << stored.seq_id << " " << names[slot];
    result.largest_distance = std::max(result.largest_distance, distance);
    b_factor_sum += atom->second->b_iso;
    ++n_stored;
  }
  result.n_atoms += n_stored;
  result.largest_b_factor_difference =
      std::max(result.largest_b_factor_difference, std::abs(stored.b_factor - b_factor_sum / n_stored));
}

class StoredAtoms : public ::testing::Test {
 protected:
  void convert(const std::string& input) { convert_structures({input}, output(), {}); }
  std::string output() const { return folder_.path("out.h5"); }
  // Converts a folder and compares every stored atom with the file. Complete riboses that are not stored:
  std::set<std::string> compare_folder(const std::string& sample);

 private:
  TemporaryFolder folder_;
};

std::set<std::string> StoredAtoms::compare_folder(const std::string& sample) {
  convert(sample);
  const DatasetReader reader(output());
  Comparison result;
  std::set<std::string> left_out;
  for (std::size_t c = 0; c < reader.chains().size(); ++c) {
    const ChainRecord& record = reader.chains()[c];
    SCOPED_TRACE(record.source_file + " chain " + record.chain_ids);
    const gemmi::Structure parsed = parse(sample.substr(0, sample.rfind('/') + 1) + record.source_file);
    auto residues = residues_by_label(parsed);
    for (const Nucleotide& stored : nucleotides_of(reader.read_rows(c))) {
      const Label label(record.chain_ids, stored.seq_id, stored.insertion_code, stored.name);
      EXPECT_TRUE(residues.contains(label)) << stored.name << stored.seq_id;
      if (!residues.contains(label)) continue;
      compare(stored, *residues.at(label), result);
      residues.erase(label);
    }
    for (const auto& [label, residue] : residues) {
      const Atoms atoms = atoms_of(*residue);
      const bool is_ribose = atoms.contains("C3'") && atoms.contains("C4'") && atoms.contains("O4'") &&
                             atoms.contains("C1'") && atoms.contains("O2'");
      if (is_ribose && std::get<0>(label) == record.chain_ids) left_out.insert(residue->name);
    }
  }
  std::cout << "  " << result.n_atoms << " atoms of " << reader.residue_count() << " nucleotides, largest distance "
            << result.largest_distance << " A, largest difference of B factors " << result.largest_b_factor_difference
            << " A^2\n";
  EXPECT_GT(result.n_atoms, 0);
  EXPECT_LE(result.largest_b_factor_difference, 1e-3);
  return left_out;
}

TEST_F(StoredAtoms, AreThoseOfTheFilesToAThousandthOfAnAngstrom) {
  FLASHRNA_REQUIRE_SHARED(sample, "structures/sample");
  EXPECT_EQ(compare_folder(sample), (std::set<std::string>{"SAM"})) << "the ligand of 6LAS, and nothing else";
}

TEST_F(StoredAtoms, OfTheSmallStructuresAreThoseOfTheFilesToo) {
  EXPECT_EQ(compare_folder(small_structure()), std::set<std::string>{});
}

struct Metadata {
  const char* file;
  const char* entry;
  const char* method;
  float resolution;  // Å; 0 if the file does not give it
  const char* date;  // release date, else deposition date
};

class StoredMetadata : public StoredAtoms, public ::testing::WithParamInterface<Metadata> {};

TEST_P(StoredMetadata, IsWhatTheFileSays) {
  const Metadata& expected = GetParam();
  const bool committed = std::string(expected.entry).starts_with("0");
  const std::string path =
      committed ? small_structure(expected.file) : shared_path(std::string("structures/sample/") + expected.file);
  if (path.empty()) GTEST_SKIP() << "no shared data: " << expected.file;
  convert(path);
  const DatasetReader reader(output());
  for (const ChainRecord& chain : reader.chains()) {
    EXPECT_EQ(chain.entry, expected.entry);
    EXPECT_EQ(chain.method, expected.method);
    EXPECT_FLOAT_EQ(chain.resolution, expected.resolution);
    EXPECT_EQ(chain.release_date, expected.date);
    EXPECT_EQ(chain.model, 1);
    EXPECT_EQ(chain.source_file, expected.file);
  }
}

// Values read manually from the files.
INSTANTIATE_TEST_SUITE_P(
    Files, StoredMetadata,
    testing::Values(Metadata{"ur0026H.pdb", "1MSY", "X-RAY DIFFRACTION", 1.41f, "2003-02-25"},
                    Metadata{"1tob.pdb", "1TOB", "SOLUTION NMR", 0.0f, "1997-06-16"},
                    Metadata{"1ZO1.pdb", "1ZO1", "ELECTRON MICROSCOPY", 13.8f, "2005-06-14"},
                    Metadata{"7uri_native.pdb", "7URI", "ELECTRON MICROSCOPY", 2.6f, "2022-08-10"},
                    Metadata{"2Y8W.pdb", "2Y8W", "", 0.0f, ""},                              // atoms only
                    Metadata{"1EHZ.cif", "1EHZ", "X-RAY DIFFRACTION", 1.93f, "2000-10-02"},  // _database_PDB_rev
                    Metadata{"1dul.cif.gz", "1DUL", "X-RAY DIFFRACTION", 1.8f,
                             "2000-02-28"},  // _pdbx_audit_revision_history
                    Metadata{"6g90_1.cif", "6G90", "ELECTRON MICROSCOPY", 4.0f, "2018-08-22"},  // deposition; _reflns
                    Metadata{"5de5-assembly1.cif.gz", "5DE5", "X-RAY DIFFRACTION", 0.0f, ""},
                    Metadata{"duplex.pdb", "0DPX", "X-RAY DIFFRACTION", 1.5f, "2026-01-15"},
                    Metadata{"strand.cif.gz", "0STR", "X-RAY DIFFRACTION", 2.25f, "2026-01-15"},
                    Metadata{"models.pdb.gz", "0NMR", "SOLUTION NMR", 0.0f, "2026-01-15"},
                    Metadata{"complex.cif", "0CPX", "ELECTRON MICROSCOPY", 3.1f, ""}),
    [](const auto& test) {
      std::string name = test.param.file;
      std::replace_if(
          name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace flashrna
