// Files as written by other programs or edited manually: each has a few residues with known values.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <map>
#include <sstream>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/rna/chains_text.h"
#include "tests/rna/pdb_lines.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

std::string message_of_reading(const std::string& text, const std::string& name = "made.pdb") {
  return message_of([&] { read_structure_from_memory(text, name); });
}

// ---- Names and records ----

std::vector<Lines> renamed(const std::map<std::string, std::string>& names, const std::string& record = "ATOM") {
  auto residues = residues_of("GACU");
  for (Lines& lines : residues) {
    change(lines, [&](AtomLine& line) {
      line.record = record;
      const auto name = names.find(line.residue);
      if (name != names.end()) line.residue = name->second;
    });
  }
  return residues;
}

TEST(ForeignNames, BondedNucleotidesAreAPolymerWhateverTheirNamesAndRecords) {
  const std::map<std::string, std::string> all_names[] = {
      {},
      {{"A", "ADE"}, {"C", "CYT"}, {"G", "GUA"}, {"U", "URA"}},  // CHARMM
      {{"A", "rA"}, {"C", "rC"}, {"G", "rG"}, {"U", "rU"}},      // Rosetta
      {{"A", "a"}, {"C", "c"}, {"G", "g"}, {"U", "u"}},
      {{"A", "RA"}, {"C", "RC"}, {"G", "RG5"}, {"U", "RU3"}},  // AMBER
      {{"G", "G5"}, {"U", "U3"}},                              // AMBER since OL3
  };
  for (const auto& names : all_names) {
    for (const char* record : {"ATOM", "HETATM"}) {
      for (const char* end : {"", "TER\n"}) {
        const Structure structure = read_pdb(text_of(renamed(names, record)) + end);
        EXPECT_EQ(chains_of(structure), "A GACU 0") << record << end << (names.empty() ? "" : names.at("G"));
        EXPECT_EQ(structure.chains.at(0).n_modified, 0);
      }
    }
  }
}

TEST(ForeignNames, AResidueWithoutNeighborsBetweenPolymerPartsIsNoLigand) {
  auto residues = renamed({}, "HETATM");
  auto more = residues_of("GACUGACUG");
  residues.clear();
  for (const std::size_t i : {0, 1, 3, 5, 6}) {
    change(more[i], [](AtomLine& line) { line.record = "HETATM"; });
    residues.push_back(more[i]);
  }
  EXPECT_EQ(chains_of(read_pdb(text_of(residues))), "A GAUAC 2");
}

TEST(ForeignNames, OfFourLettersLeaveTheChainItsIdentifier) {
  const std::string names[] = {"RGUA", "RADE", "RCYT", "RURA"};
  auto residues = residues_of("GACU");
  std::string text;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    std::istringstream lines(text_of(residues[i]));
    for (std::string line; std::getline(lines, line);) text += line.replace(17, 4, names[i]) + '\n';
  }
  const Structure structure = read_pdb(text);
  EXPECT_EQ(chains_of(structure), "A GACU 0");
  EXPECT_EQ(structure.chains.at(0).n_modified, 0);
}

TEST(ForeignNames, TwoFreeLigandsAreNoPolymer) {
  auto residues = residues_of("AA");
  for (Lines& lines : residues) change(lines, [](AtomLine& line) { line.record = "HETATM", line.residue = "AMP"; });
  change(residues[1], [](AtomLine& line) { line.position.x() += 15.0; });
  EXPECT_TRUE(read_pdb(text_of(residues)).chains.empty());
}

TEST(ForeignNames, UnkIsANucleotideWhereItHasARibose) {
  auto residues = residues_of("GNC");
  change(residues[1], [](AtomLine& line) { line.residue = "UNK"; });
  const Structure structure = read_pdb(text_of(residues));
  EXPECT_EQ(chains_of(structure), "A GNC 0");
  const std::string protein =
      "ATOM      1  N   UNK P   1       1.000   0.000   0.000  1.00 20.00           N\n"
      "ATOM      2  CA  UNK P   1       1.450   2.000   0.000  1.00 20.00           C\n";
  EXPECT_EQ(read_pdb(protein).rejected.at(0).reason, "protein");
}

TEST(ForeignNames, ASubstituentInPlaceOfO2MakesModifiedRna) {
  for (const char* atom : {"F2'", "N2'", "S2'"}) {
    auto residues = residues_of("GACU");
    for (const std::size_t i : {2, 3}) {
      change(residues[i], [&](AtomLine& line) {
        if (line.atom == "O2'") line.atom = atom;
        line.residue = i == 2 ? "CFZ" : "UFT";
      });
    }
    const Structure structure = read_pdb(text_of(residues));
    EXPECT_EQ(chains_of(structure), "A GACU 0") << atom;
    EXPECT_EQ(structure.chains[0].molecule_kind, "RNA");
    EXPECT_EQ(structure.chains[0].n_modified, 2);
    EXPECT_FALSE(structure.chains[0].nucleotides[2].has(kO2));
    EXPECT_TRUE(structure.chains[0].nucleotides[2].has_frame());
  }
}

TEST(ForeignNames, AFluorineOnTheOtherSideIsArabinoseAndDnaStaysOut) {
  auto residues = residues_of("GACU");
  for (Lines& lines : residues) {
    const Vec3 c1 = lines[kC1].position, c2 = lines[kC2].position, c3 = lines[kC3].position;
    const Vec3 normal = (c1 - c2).cross(c3 - c2).normalized();
    change(lines, [&](AtomLine& line) {
      line.residue = "XYZ";
      if (line.atom != "O2'") return;
      line.atom = "F2'";
      line.position -= 2.0 * normal.dot(line.position - c2) * normal;
    });
  }
  const Structure structure = read_pdb(text_of(residues));
  EXPECT_TRUE(structure.chains.empty());
}

// ---- L-RNA ----

TEST(MirrorImages, AreRejectedByTheirRibosesAndByTheirNames) {
  auto residues = residues_of("GACU");
  EXPECT_EQ(read_pdb(text_of(residues)).chains.size(), 1u);
  for (Lines& lines : residues) {
    change(lines, [](AtomLine& line) { line.position.x() *= -1.0; });
    // These synthetic riboses have natural centers only at C2' and C4'.
    std::erase_if(lines,
                  [](const AtomLine& line) { return line.atom == "O3'" || line.atom == "N9" || line.atom == "N1"; });
  }
  const Structure by_shape = read_pdb(text_of(residues));
  EXPECT_TRUE(by_shape.chains.empty());
  ASSERT_EQ(by_shape.rejected.size(), 1u);
  EXPECT_EQ(by_shape.rejected[0].reason, "L-RNA");
  EXPECT_EQ(
      by_shape.rejected[0].detail,
      "4 nucleotides are mirror images of natural ones, by the chirality of their riboses; if that is an error of "
      "the file, change the sign of x in all of it");
  auto named = residues_of("GACU");
  for (Lines& lines : named) change(lines, [](AtomLine& line) { line.residue = "0" + line.residue; });
  EXPECT_EQ(read_pdb(text_of(named)).rejected.at(0).reason, "L-RNA");
}

TEST(MirrorImages, AreAGapInANaturalChain) {
  auto residues = residues_of("GACUA");
  change(residues[2], [](AtomLine& line) { line.residue = "0C"; });
  EXPECT_EQ(chains_of(read_pdb(text_of(residues))), "A GAUA 1");
}

TEST(MirrorImages, AreKnownByTheTypeOfTheirComponent) {
  Structure written;
  written.entry = "mirror";
  written.chains = {synthetic_chain("A", "GA")};
  for (int i : {0, 1}) modify(written.chains[0], i, "XYZ");
  std::string text = to_mmcif(written);
  const std::size_t own = text.find("loop_\n_chem_comp.id");
  text.erase(own, text.find("#\n", own) - own);
  text += "#\n_chem_comp.id XYZ\n_chem_comp.type 'L-RNA LINKING'\n";
  EXPECT_EQ(read_structure_from_memory(text, "made.cif").rejected.at(0).reason, "L-RNA");
}

// ---- Coordinates ----

TEST(Coordinates, ThatAreNoNumbersAreNamedWithLineAndColumns) {
  const std::string text = text_of(residues_of("GAC"));
  const std::size_t line = text.find('\n') + 1;
  for (const std::string wrong : {"********", "        ", "  36.O17", "     nan", " 1.0 2.0", "  1.2e+1", "       -"}) {
    for (const std::size_t axis : {0, 1, 2}) {
      std::string changed = text;
      changed.replace(line + 30 + 8 * axis, 8, wrong);
      EXPECT_EQ(message_of_reading(changed),
                fmt::format("made.pdb: line 2: {} of atom OP1 (columns {} to {}) is \"{}\", not a "
                            "number; correct the line or remove it",
                            "xyz"[axis], 31 + 8 * axis, 38 + 8 * axis, wrong));
    }
  }
}

TEST(Coordinates, ColumnsThatRanTogetherAreNoticed) {
  const std::string text = text_of(residues_of("GAC"));
  const std::string together = "12345.6781234.567  10.000";  // one column wider than the format
  std::string changed = text;
  changed.replace(30, 24, together.substr(0, 24));
  EXPECT_EQ(
      message_of_reading(changed),
      "made.pdb: line 1: x of atom P (columns 31 to 38) is \"12345.67\"; the format has room for 4 digits before the "
      "point, for three with a sign, and with more the columns run together; move the structure to the origin or write "
      "it as mmCIF");
}

TEST(Coordinates, OfZThatReachesIntoTheOccupancyAreNoticed) {
  const std::string text = text_of(residues_of("GAC"));
  const auto with_z = [&](const std::string& from_z) {
    std::string changed = text;
    return changed.replace(46, from_z.size(), from_z);
  };
  EXPECT_EQ(
      message_of_reading(with_z("-1234.567  1.00 20.00")),
      "made.pdb: line 1: z of atom P (columns 47 to 54) is \"-1234.56\"; the format has room for 4 digits before "
      "the point, for three with a sign, and with more the columns run together; move the structure to the origin "
      "or write it as mmCIF");
  // Two decimals, an occupancy in percent, and no occupancy are no overflow.
  for (const char* within : {"-1234.56  1.00 20.00", "-123.456100.00 20.00", "1234.567100.00 20.00", "-1234.56"})
    EXPECT_EQ(message_of_reading(with_z(within)), "no error") << within;
}

TEST(Coordinates, ThatAreNoNumbersInMmcifAreNamed) {
  Structure written;
  written.entry = "made";
  written.chains = {synthetic_chain("A", "GAC")};
  const std::string text = to_mmcif(written);
  const std::string x = fmt::format(" {:.3f} ", written.chains[0].nucleotides[0].atoms[kP].x());
  std::string changed = text;
  changed.replace(changed.find(x), x.size(), " ******** ");
  EXPECT_EQ(message_of_reading(changed, "made.cif"),
            "made.cif: _atom_site.Cartn_x of atom 1 is \"********\", not a number; correct it, or write ? where it is "
            "unknown");
  changed = text;
  changed.replace(changed.find(x), x.size(), " ? ");
  EXPECT_FALSE(read_structure_from_memory(changed, "made.cif").chains.at(0).nucleotides.at(0).has(kP));
  for (const char* beyond_any_structure : {" 1e39 ", " -1e30 ", " 123456789 "}) {
    changed = text;
    changed.replace(changed.find(x), x.size(), beyond_any_structure);
    EXPECT_FALSE(read_structure_from_memory(changed, "made.cif").chains.at(0).nucleotides.at(0).has(kP));
  }
}

TEST(Coordinates, OneMisplacedAtomOfAFrameMakesNone) {
  for (const int slot : {kC3, kC4, kO4}) {
    for (const Vec3& place : {Vec3(0, 0, 0), Vec3(500, 500, 500)}) {
      auto residues = residues_of("GACUG");
      residues[2][slot].position = place;
      const Structure structure = read_pdb(text_of(residues));
      EXPECT_EQ(chains_of(structure), "A GAUG 1") << slot;
      EXPECT_EQ(structure.chains.at(0).n_without_frame, 1) << slot;
    }
  }
}

TEST(Coordinates, PlaceholdersMakeNoFrame) {
  for (const Vec3& place : {Vec3(0, 0, 0), Vec3(9999, 9999, 9999), Vec3(1, 2, 3)}) {
    auto residues = residues_of("GACUG");
    change(residues[2], [&](AtomLine& line) { line.position = place; });
    const Structure structure = read_pdb(text_of(residues));
    EXPECT_EQ(chains_of(structure), "A GAUG 1");
    EXPECT_EQ(structure.chains.at(0).n_without_frame, 1);
  }
}

TEST(Coordinates, PlaceholdersAreNoAtoms) {
  auto residues = residues_of("GAC");
  residues[1][kP].position = residues[2][kP].position = Vec3(0, 0, 0);
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_TRUE(chain.nucleotides.at(0).has(kP));
  EXPECT_FALSE(chain.nucleotides.at(1).has(kP));
  EXPECT_FALSE(chain.nucleotides.at(2).has(kP));
  EXPECT_EQ(chain.n_breaks(), 0) << "measured on C4' then";
}

// ---- Models ----

struct ModelText {
  const char* what;
  const char* before;  // records before each model
  const char* after;   // records after each model
  int n_models;
};

TEST(Models, AreReadWhateverTheFileWritesBetweenThem) {
  const ModelText cases[] = {{"MODEL without ENDMDL", "MODEL        1\n", "TER\n", 3},
                             {"END before ENDMDL", "MODEL        1\n", "TER\nEND\nENDMDL\n", 3},
                             {"MODEL and END", "MODEL        1\n", "END\n", 3},
                             {"frames parted by END", "", "END\n", 3},
                             {"frames parted by ENDMDL", "", "ENDMDL\n", 3},
                             {"files one after the other", "EXPDTA    SOLUTION NMR\n", "TER\nEND   \n", 3}};
  for (const ModelText& c : cases) {
    std::string text;
    for (int model = 0; model < 3; ++model) {
      auto residues = residues_of("GAC");
      for (Lines& lines : residues) change(lines, [&](AtomLine& line) { line.position.x() += model; });
      text += c.before + text_of(residues) + c.after;
    }
    for (int model = 1; model <= c.n_models; ++model) {
      const Structure structure = read_structure_from_memory(text, "made.pdb", {.model = model});
      EXPECT_EQ(structure.n_models, c.n_models) << c.what;
      EXPECT_EQ(chains_of(structure), "A GAC 0") << c.what;
      const double shift = structure.chains.at(0).nucleotides.at(0).atoms[kC4].x() -
                           synthetic_chain("A", "G").nucleotides[0].atoms[kC4].x();
      EXPECT_NEAR(shift, model - 1, 0.002) << c.what;
      EXPECT_TRUE(structure.method.empty() || structure.method == "SOLUTION NMR") << structure.method;
    }
  }
}

TEST(Models, AfterAnEndMayFollowTheOtherChains) {
  auto second = residues_of("UUA");
  for (Lines& lines : second) change(lines, [](AtomLine& line) { line.chain = "B"; });
  const std::string text = text_of(residues_of("GAC")) + "END\nHEADER S5\n" + text_of(second) + "END\n";
  EXPECT_EQ(chains_of(read_pdb(text)), "A GAC 0, B UUA 0");
  EXPECT_EQ(read_pdb(text).n_models, 1);
}

TEST(Models, AnotherStructureAfterAnEndIsNotDroppedInSilence) {
  const std::string first = text_of(residues_of("GAC")), second = text_of(residues_of("UUA"));
  const auto lines = std::count(first.begin(), first.end(), '\n');
  EXPECT_EQ(message_of_reading(first + "TER\nEND\n" + second + "END\n"),
            fmt::format("made.pdb: line {}: another structure follows the END of line {} (residue \"  U A   1 \" has "
                        "a place that is taken); put each structure into a file of its own",
                        lines + 3, lines + 2));
}

TEST(Models, AfterAnEndMayFollowAPartOfTheSameStructure) {
  auto part = residues_of("GACU");
  part.erase(part.begin());
  const std::string text = text_of(residues_of("GACU")) + "END\n" + text_of(part) + "END\n";
  EXPECT_EQ(chains_of(read_pdb(text)), "A GACU 0");
  EXPECT_EQ(chains_of(read_structure_from_memory(text, "made.pdb", {.model = 2})), "A ACU 0");
}

// ---- Conformers ----

TEST(Conformers, OneIsTakenThroughABondedStretch) {
  auto residues = residues_of("GACUA");
  const double occupancies[] = {0.5, 0.45};
  for (const std::size_t i : {1, 2}) {
    Lines other = residues[i];
    const double a = occupancies[i - 1];
    change(residues[i], [&](AtomLine& line) { line.alternate = 'A', line.occupancy = a; });
    change(other, [&](AtomLine& line) { line.alternate = 'B', line.occupancy = 1.0 - a, line.position.z() += 3.0; });
    residues[i].insert(residues[i].end(), other.begin(), other.end());
  }
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.n_breaks(), 0);
  const Chain expected = synthetic_chain("A", "GACUA");
  for (const std::size_t i : {1, 2}) {
    EXPECT_LE((chain.nucleotides.at(i).atoms[kC4] - expected.nucleotides.at(i).atoms[kC4]).norm(), 0.002);
  }
}

TEST(Conformers, OneIsTakenWhereTheBondedNeighborStandsElsewhereInTheFile) {
  auto residues = residues_of("GACUA");
  for (const std::size_t i : {1, 2, 3}) {
    Lines other = residues[i];
    const double a = i == 3 ? 0.9 : 0.4;
    change(residues[i], [&](AtomLine& line) { line.alternate = 'A', line.occupancy = a; });
    change(other, [&](AtomLine& line) { line.alternate = 'B', line.occupancy = 1.0 - a, line.position.z() += 3.0; });
    residues[i].insert(residues[i].end(), other.begin(), other.end());
  }
  std::rotate(residues.begin() + 1, residues.begin() + 3, residues.end());  // 1 4 5 2 3
  EXPECT_EQ(chains_of(read_pdb(text_of(residues))), "A GACUA 0");
}

// ---- mmCIF of few columns ----

// Replaces the values of the columns (of _atom_site.) with `value`, or removes the columns if it is empty.
std::string without_columns(const std::string& text, const std::vector<std::string>& columns,
                            const std::string& value) {
  std::istringstream lines(text);
  std::vector<bool> is_one;
  std::string changed;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("_atom_site.")) {
      is_one.push_back(std::find(columns.begin(), columns.end(), line.substr(11)) != columns.end());
      if (!is_one.back() || !value.empty()) changed += line + "\n";
    } else if (line.starts_with("ATOM") || line.starts_with("HETATM")) {
      std::istringstream words(line);
      std::string word;
      for (const bool one : is_one) {
        words >> word;
        if (!one) changed += word + " ";
        if (one && !value.empty()) changed += value + " ";
      }
      changed += "\n";
    } else {
      changed += line + "\n";
    }
  }
  return changed;
}

TEST(FewColumns, WhatCanBeDerivedIs) {
  Structure written;
  written.entry = "few";
  written.chains = {synthetic_chain("A", "GACU")};
  const std::string text = to_mmcif(written);
  const std::vector<std::vector<std::string>> all = {
      {"auth_seq_id"},
      {"label_asym_id"},
      {"auth_asym_id"},
      {"auth_comp_id"},
      {"label_comp_id"},
      {"auth_atom_id"},
      {"label_atom_id"},
      {"type_symbol", "occupancy", "B_iso_or_equiv", "label_alt_id"},
      {"id"},
      {"pdbx_PDB_model_num"},
      {"auth_seq_id", "auth_asym_id", "auth_comp_id", "auth_atom_id"},
      {"label_seq_id", "label_asym_id", "label_comp_id", "label_atom_id"},
      {"auth_seq_id", "label_seq_id"}};
  for (const auto& columns : all) {
    for (const char* value : {"", ".", "?"}) {
      const Structure structure = read_structure_from_memory(without_columns(text, columns, value), "few.cif");
      ASSERT_EQ(chains_of(structure), "A GACU 0") << columns.front() << " " << value;
      for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(structure.chains[0].nucleotides[i].seq_id, i + 1) << columns.front() << " " << value;
        EXPECT_EQ(structure.chains[0].nucleotides[i].atom_mask, written.chains[0].nucleotides[i].atom_mask);
      }
    }
  }
}

TEST(DataBlocks, TheOneWithAtomsIsRead) {
  Structure written;
  written.entry = "blocks";
  written.chains = {synthetic_chain("A", "GACU")};
  const std::string text = to_mmcif(written);
  EXPECT_EQ(chains_of(read_structure_from_memory("data_comp_list\n_chem_comp.id LIG\n" + text, "made.cif")),
            "A GACU 0");
  std::string other = text;
  other.replace(0, other.find('\n'), "data_second");
  EXPECT_EQ(message_of_reading(text + other, "made.cif"),
            "made.cif: 2 of its data blocks hold atoms (data_blocks, data_second); put each into a file of its own");
}

// ---- Byte order marks ----

TEST(ByteOrderMark, IsNoPartOfTheText) {
  const std::string mark = "\xEF\xBB\xBF", pdb = text_of(residues_of("GAC"));
  const Chain chain = read_pdb(mark + pdb + "END\n" + mark + pdb).chains.at(0);
  EXPECT_TRUE(chain.nucleotides.at(0).has(kP)) << "the first line's";
  EXPECT_EQ(read_structure_from_memory(mark + pdb + "END\n" + mark + pdb, "made.pdb", {.model = 2}).n_models, 2);
  Structure written;
  written.entry = "mark";
  written.chains = {synthetic_chain("A", "GAC")};
  EXPECT_EQ(chains_of(read_structure_from_memory(mark + to_mmcif(written), "made.cif")), "A GAC 0");
  EXPECT_EQ(message_of_reading(std::string("\xFF\xFE"
                                           "d\0",
                                           4),
                               "made.cif"),
            "made.cif: the text is in UTF-16; save it as UTF-8 or plain ASCII");
}

}  // namespace
}  // namespace flashrna
