// The reading rules, each on a small synthetic file.
#include "rna/io/structure_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "rna/io/structure_writer.h"
#include "tests/rna/pdb_lines.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

std::vector<int> residue_indices(const Chain& chain) {
  std::vector<int> indices;
  for (const Nucleotide& nucleotide : chain.nucleotides) indices.push_back(nucleotide.residue_index);
  return indices;
}

TEST(StructureReader, BondedNeighborsAreOneApartWhateverTheirNumbers) {
  auto residues = residues_of("GACUA");
  for (std::size_t i = 2; i < residues.size(); ++i) change(residues[i], [](AtomLine& line) { line.seq_id += 10; });
  const Structure structure = read_pdb(text_of(residues) + "TER\nEND\n");
  ASSERT_EQ(structure.chains.size(), 1u);
  EXPECT_EQ(structure.chains[0].sequence(), "GACUA");
  EXPECT_EQ(residue_indices(structure.chains[0]), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(structure.chains[0].n_breaks(), 0);
}

TEST(StructureReader, GapJumpsByTheNumbersButAtLeastTwo) {
  auto residues = residues_of("GACUA");
  residues.erase(residues.begin() + 2);  // numbers 1 2 4 5: one residue is missing
  EXPECT_EQ(residue_indices(read_pdb(text_of(residues)).chains[0]), (std::vector<int>{0, 1, 3, 4}));
  for (std::size_t i = 2; i < residues.size(); ++i) change(residues[i], [](AtomLine& line) { line.seq_id += 7; });
  EXPECT_EQ(residue_indices(read_pdb(text_of(residues)).chains[0]), (std::vector<int>{0, 1, 10, 11}));
  for (std::size_t i = 2; i < residues.size(); ++i) change(residues[i], [](AtomLine& line) { line.seq_id -= 8; });
  EXPECT_EQ(residue_indices(read_pdb(text_of(residues)).chains[0]), (std::vector<int>{0, 1, 3, 4}));
}

TEST(StructureReader, GapJumpsByTheSequenceWhereThereIsOne) {
  auto residues = residues_of("GACUAGGC");
  residues.erase(residues.begin() + 3, residues.begin() + 6);  // U A G are missing
  for (std::size_t i = 3; i < residues.size(); ++i) change(residues[i], [](AtomLine& line) { line.seq_id += 50; });
  const std::string seqres = "SEQRES   1 A    8    G   A   C   U   A   G   G   C                                  \n";
  EXPECT_EQ(residue_indices(read_pdb(seqres + text_of(residues)).chains[0]), (std::vector<int>{0, 1, 2, 6, 7}));
}

TEST(StructureReader, GapIsTheSameByNumbersThatFitTheSequenceAndByAlignment) {
  const std::string seqres = "SEQRES   1 A   10    A   A   G   A   C   U   A   G   G   C                          \n";
  auto residues = residues_of("GACUAGGC");  // from the third residue on
  residues.erase(residues.begin() + 3, residues.begin() + 6);
  for (Lines& lines : residues) change(lines, [](AtomLine& line) { line.seq_id += 40; });
  EXPECT_EQ(residue_indices(read_pdb(seqres + text_of(residues)).chains[0]), (std::vector<int>{0, 1, 2, 6, 7}));
  for (std::size_t i = 3; i < residues.size(); ++i) change(residues[i], [](AtomLine& line) { line.seq_id -= 2; });
  EXPECT_EQ(residue_indices(read_pdb(seqres + text_of(residues)).chains[0]), (std::vector<int>{0, 1, 2, 6, 7}));
}

TEST(StructureReader, BondIsMeasuredOnC4WhereO3OrPIsMissing) {
  auto residues = residues_of("GAC");
  std::erase_if(residues[1], [](const AtomLine& line) { return line.atom == "P"; });
  EXPECT_EQ(read_pdb(text_of(residues)).chains[0].n_breaks(), 0);
  change(residues[0], [](AtomLine& line) { line.position.x() += 9.0; });
  EXPECT_EQ(read_pdb(text_of(residues)).chains[0].n_breaks(), 1);
}

TEST(StructureReader, ResidueWithoutFrameIsCountedAndLeavesAGap) {
  auto residues = residues_of("GACU");
  std::erase_if(residues[1], [](const AtomLine& line) { return line.atom == "O4'"; });
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GCU");
  EXPECT_EQ(chain.n_without_frame, 1);
  EXPECT_EQ(residue_indices(chain), (std::vector<int>{0, 2, 3}));
}

TEST(StructureReader, DnaInsideAnRnaChainIsAGap) {
  auto residues = residues_of("GACU");
  change(residues[2], [](AtomLine& line) { line.residue = "DC"; });
  std::erase_if(residues[2], [](const AtomLine& line) { return line.atom == "O2'"; });
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GAU");
  EXPECT_EQ(chain.molecule_kind, "DNA/RNA hybrid");
  EXPECT_EQ(residue_indices(chain), (std::vector<int>{0, 1, 3}));
}

std::vector<Lines> without_o2(std::vector<Lines> residues) {
  for (Lines& lines : residues) std::erase_if(lines, [](const AtomLine& line) { return line.atom == "O2'"; });
  return residues;
}

TEST(StructureReader, ChainWithoutAnyO2IsDnaEvenWithRnaNames) {
  const Structure structure = read_pdb(text_of(without_o2(residues_of("GACU"))));
  EXPECT_TRUE(structure.chains.empty());
  ASSERT_EQ(structure.rejected.size(), 1u);
  EXPECT_EQ(structure.rejected[0].reason, "DNA");
  EXPECT_EQ(structure.rejected[0].detail, "4 deoxynucleotides; 4 of them have names of RNA but no O2'");
}

TEST(StructureReader, ALigandDoesNotDecideWhetherAChainIsDna) {
  auto ligand = residues_of("A");
  change(ligand[0], [](AtomLine& line) {
    line.residue = "ATP", line.record = "HETATM", line.seq_id = 101;
    line.position += Vec3(30, 0, 0);
  });
  const auto dna = without_o2(residues_of("GACU"));
  EXPECT_TRUE(read_pdb(text_of(dna) + text_of(ligand)).chains.empty()) << "ATP has a ribose";
  auto rna = residues_of("GACU");
  rna[2] = dna[2];
  const auto deoxy_ligand = without_o2(ligand);
  for (const char* name : {"DTP", "XYZ"}) {
    auto other = deoxy_ligand;
    change(other[0], [&](AtomLine& line) { line.residue = name; });
    EXPECT_EQ(read_pdb(text_of(rna) + text_of(other)).chains.at(0).sequence(), "GACU") << name;
  }
}

TEST(StructureReader, ChainWithoutAnyO2IsRnaWhereAPdbFileOfFormat3SaysSo) {
  const std::string atoms = text_of(without_o2(residues_of("GACU")));
  const std::string format_3 = "REMARK   4 1ABC COMPLIES WITH FORMAT V. 3.30, 13-JUL-11\n";
  const std::string format_2 = "REMARK   4 1ABC COMPLIES WITH FORMAT V. 2.3, 09-JULY-1998\n";
  const std::string rna = "SEQRES   1 A    4    G   A   C   U\n";
  const std::string dna = "SEQRES   1 A    4   DG  DA  DC  DU\n";
  ASSERT_EQ(read_pdb(format_3 + rna + atoms).chains.size(), 1u);
  EXPECT_EQ(read_pdb(format_3 + rna + atoms).chains[0].sequence(), "GACU");
  EXPECT_TRUE(read_pdb(format_3 + dna + atoms).chains.empty());
  EXPECT_TRUE(read_pdb(format_3 + atoms).chains.empty());
  EXPECT_TRUE(read_pdb(format_2 + rna + atoms).chains.empty()) << "deoxyguanosine was G too";
}

TEST(StructureReader, ChainWithoutAnyO2IsRnaWhereAnMmcifFileSaysSo) {
  Structure written;
  written.entry = "no_o2";
  written.chains = {synthetic_chain("A", "GACU")};
  for (Nucleotide& nucleotide : written.chains[0].nucleotides) nucleotide.atom_mask &= ~(1u << kO2);
  std::string cif = to_mmcif(written);
  const Structure rna = read_structure_from_memory(cif, "made.cif");
  ASSERT_EQ(rna.chains.size(), 1u);
  EXPECT_EQ(rna.chains[0].sequence(), "GACU");
  const std::string type = "polyribonucleotide";
  cif.replace(cif.find(type), type.size(), "polydeoxyribonucleotide");
  EXPECT_TRUE(read_structure_from_memory(cif, "made.cif").chains.empty());
}

TEST(StructureReader, ResiduesOfOneNumberAndNameAreAllKept) {
  auto residues = residues_of("GAUUUC");
  for (const int i : {3, 4}) change(residues[i], [](AtomLine& line) { line.seq_id = 3; });  // U 20, 20A, 20B
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GAUUUC");
  EXPECT_EQ(chain.n_breaks(), 0);
  // Also with other residues in between.
  residues = residues_of("GACAC");
  change(residues[4], [](AtomLine& line) { line.seq_id = 3; });
  EXPECT_EQ(read_pdb(text_of(residues)).chains.at(0).sequence(), "GACAC");
  // Also in mmCIF.
  Structure written;
  written.entry = "merged";
  written.chains = {synthetic_chain("A", "GAUUC")};
  written.chains[0].nucleotides[3].seq_id = 3;
  const Chain again = read_structure_from_memory(to_mmcif(written), "merged.cif").chains.at(0);
  EXPECT_EQ(again.sequence(), "GAUUC");
  EXPECT_EQ(again.n_breaks(), 0);
}

TEST(StructureReader, TwoConformationsWithoutLettersAreOneResidue) {
  auto residues = residues_of("GAC");
  Lines other = residues[1];
  change(other, [](AtomLine& line) { line.position.x() += 1.5; });
  residues[1].insert(residues[1].end(), other.begin(), other.end());
  EXPECT_EQ(read_pdb(text_of(residues)).chains.at(0).sequence(), "GAC");
}

TEST(StructureReader, FreeLigandsAndWatersStayOut) {
  auto residues = residues_of("GAC");
  auto ligand = residues_of("A");
  change(ligand[0], [](AtomLine& line) {
    line.residue = "ATP";
    line.record = "HETATM";
    line.seq_id = 101;
    line.position += Vec3(30, 0, 0);
  });
  const std::string water = "HETATM    1  O   HOH A 201       0.000   0.000   0.000  1.00 20.00           O\n";
  for (const char* ter : {"TER\n", ""}) {
    const Structure structure = read_pdb(text_of(residues) + ter + text_of(ligand) + water + "END\n");
    ASSERT_EQ(structure.chains.size(), 1u);
    EXPECT_EQ(structure.chains[0].sequence(), "GAC") << "with \"" << ter << "\"";
  }
}

TEST(StructureReader, BondedTriphosphateAtTheStartIsKept) {
  auto residues = residues_of("GAC");
  change(residues[0], [](AtomLine& line) { line.residue = "GTP", line.record = "HETATM"; });
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GAC");
  EXPECT_EQ(chain.nucleotides[0].name, "GTP");
}

TEST(StructureReader, AlternateLocationIsChosenForTheWholeResidue) {
  auto residues = residues_of("GAC");
  const Vec3 shift(0.5, 0.0, 0.0);
  Lines minor = residues[1];
  change(residues[1], [](AtomLine& line) { line.alternate = 'A', line.occupancy = 0.4; });
  change(minor, [&](AtomLine& line) { line.alternate = 'B', line.occupancy = 0.6, line.position += shift; });
  minor[kC2].occupancy = 0.1;  // by this atom alone, A would be selected
  residues[1].insert(residues[1].end(), minor.begin(), minor.end());
  const Nucleotide expected = synthetic_chain("A", "GAC").nucleotides[1];
  const Nucleotide got = read_pdb(text_of(residues)).chains.at(0).nucleotides.at(1);
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    if (!expected.has(slot)) continue;
    EXPECT_LE((got.atoms[slot] - expected.atoms[slot] - shift).norm(), 0.001) << atom_name(expected, slot);
  }
}

TEST(StructureReader, OfTwoResiduesInOnePlaceTheMoreOccupiedStays) {
  auto residues = residues_of("GAC");
  auto other = residues_of("GGC")[1];
  change(residues[1], [](AtomLine& line) { line.alternate = 'A', line.occupancy = 0.3; });
  change(other, [](AtomLine& line) { line.alternate = 'B', line.occupancy = 0.7; });
  residues[1].insert(residues[1].end(), other.begin(), other.end());
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GGC");
  EXPECT_EQ(chain.n_breaks(), 0);
}

TEST(StructureReader, InsertionCodesKeepTheirOrder) {
  auto residues = residues_of("GACU");
  const std::pair<int, char> numbers[] = {{20, ' '}, {20, 'A'}, {20, 'B'}, {21, ' '}};
  for (std::size_t i = 0; i < 4; ++i) {
    change(residues[i], [&](AtomLine& line) { std::tie(line.seq_id, line.insertion_code) = numbers[i]; });
  }
  for (const bool shuffled : {false, true}) {
    if (shuffled) std::swap(residues[1], residues[2]);
    const Chain chain = read_pdb(text_of(residues)).chains.at(0);
    EXPECT_EQ(chain.sequence(), "GACU");
    EXPECT_EQ(chain.nucleotides[2].insertion_code, 'B');
    EXPECT_EQ(residue_indices(chain), (std::vector<int>{0, 1, 2, 3}));
  }
}

TEST(StructureReader, ModifiedResidueWrittenAfterTheOthersFindsItsPlace) {
  auto residues = residues_of("GACUA");
  change(residues[2], [](AtomLine& line) { line.residue = "5MC", line.record = "HETATM", line.seq_id = 900; });
  std::rotate(residues.begin() + 2, residues.begin() + 3, residues.end());
  const Chain chain = read_pdb(text_of(residues)).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GACUA");
  EXPECT_EQ(chain.nucleotides[2].name, "5MC");
  EXPECT_EQ(chain.n_breaks(), 0);
}

TEST(StructureReader, OldAtomNamesAreUnderstoodAndHydrogensLeftOut) {
  auto residues = residues_of("GAC");
  const Structure expected = read_pdb(text_of(residues));
  for (Lines& lines : residues) {
    change(lines, [](AtomLine& line) {
      std::replace(line.atom.begin(), line.atom.end(), '\'', '*');
      if (line.atom == "OP1") line.atom = "O1P";
      if (line.atom == "OP2") line.atom = "O2P";
    });
    AtomLine hydrogen = lines.back();
    for (const char* name : {"H1*", "D8", "HO2"}) {
      hydrogen.atom = name;
      lines.push_back(hydrogen);
    }
  }
  const Structure got = read_pdb(text_of(residues));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got.chains.at(0).nucleotides.at(i).atom_mask, expected.chains.at(0).nucleotides.at(i).atom_mask);
  }
}

TEST(StructureReader, NucleotidesNamedNKeepThatNameAndCountAsModified) {
  const Chain chain = read_pdb(text_of(residues_of("GNNC"))).chains.at(0);
  EXPECT_EQ(chain.sequence(), "GNNC");
  EXPECT_EQ(chain.n_modified, 2);
  EXPECT_EQ(chain.n_breaks(), 0);
  for (const int i : {1, 2}) {
    EXPECT_EQ(chain.nucleotides.at(i).name, "N");
    EXPECT_EQ(chain.nucleotides.at(i).base, Base::N);
  }
}

TEST(StructureReader, RingAtomIsTheOneBondedToC1) {
  auto residues = residues_of("GUA");
  Nucleotide pseudouridine = synthetic_chain("A", "GUA").nucleotides[1];
  const Vec3 bonded = pseudouridine.atoms[kGlycosidicNitrogen];
  pseudouridine.name = "PSU";
  residues[1] = lines_of(pseudouridine);  // C5 bonded to C1'
  EXPECT_LE((read_pdb(text_of(residues)).chains.at(0).nucleotides[1].atoms[kGlycosidicNitrogen] - bonded).norm(),
            0.001);
  // Beyond 1.8 Å there is no bond.
  for (AtomLine& line : residues[1]) {
    if (line.atom == "C5") line.position += 1.0 * (bonded - pseudouridine.atoms[kC1]);
  }
  EXPECT_FALSE(read_pdb(text_of(residues)).chains.at(0).nucleotides[1].has(kGlycosidicNitrogen));
}

TEST(StructureReader, ModelIsChosenByItsPlace) {
  const auto first = residues_of("GAC");
  const auto second = residues_of("UUAG");
  const std::string text =
      "MODEL        5\n" + text_of(first) + "TER\nENDMDL\nMODEL        9\n" + text_of(second) + "TER\nENDMDL\nEND\n";
  EXPECT_EQ(read_pdb(text).chains.at(0).sequence(), "GAC");
  const Structure other = read_structure_from_memory(text, "made.pdb", {.model = 2});
  EXPECT_EQ(other.chains.at(0).sequence(), "UUAG");
  EXPECT_EQ(other.model, 2);
}

TEST(StructureReader, HeaderGivesEntryMethodResolutionAndReleaseDate) {
  const std::string header =
      "HEADER    RIBONUCLEIC ACID                        23-FEB-00   1EHZ              \n"
      "EXPDTA    X-RAY DIFFRACTION                                                     \n"
      "REVDAT   2   24-FEB-09 1EHZ    1       VERSN                                    \n"
      "REVDAT   1   02-OCT-00 1EHZ    0                                                \n"
      "REMARK   2 RESOLUTION.    1.93 ANGSTROMS.                                       \n";
  const Structure structure = read_pdb(header + text_of(residues_of("GA")));
  EXPECT_EQ(structure.entry, "1EHZ");
  EXPECT_EQ(structure.method, "X-RAY DIFFRACTION");
  EXPECT_DOUBLE_EQ(structure.resolution, 1.93);
  EXPECT_EQ(structure.release_date, "2000-10-02");
  EXPECT_EQ(read_pdb(text_of(residues_of("GA"))).entry, "made");
}

TEST(StructureReader, RejectedChainsAreNamedWithTheirReason) {
  const std::string protein =
      "ATOM      1  N   GLY P   1       0.000   0.000   0.000  1.00 20.00           N\n"
      "ATOM      2  CA  GLY P   1       1.450   0.000   0.000  1.00 20.00           C\n"
      "ATOM      3  C   GLY P   1       2.000   1.400   0.000  1.00 20.00           C\n";
  const std::string phosphate =
      "ATOM      4  P     G Q   1       9.000   0.000   0.000  1.00 20.00           P\n"
      "ATOM      5  P     A Q   2      15.000   0.000   0.000  1.00 20.00           P\n";
  const std::string water = "HETATM    6  O   HOH W   1       0.000   9.000   0.000  1.00 20.00           O\n";
  const Structure structure = read_pdb(text_of(residues_of("GA")) + protein + phosphate + water);
  ASSERT_EQ(structure.chains.size(), 1u);
  ASSERT_EQ(structure.rejected.size(), 3u);
  EXPECT_EQ(structure.rejected[0].reason, "protein");
  EXPECT_EQ(structure.rejected[1].reason, "no frame");
  EXPECT_EQ(structure.rejected[1].detail, "none of its 2 nucleotides has C3', C4' and O4'");
  EXPECT_EQ(structure.rejected[2].reason, "no polymer");
}

TEST(StructureReader, ChainIdentifiersAreCaseSensitive) {
  Structure written;
  written.entry = "cases";
  for (const char* id : {"A", "a", "AA", "Aa"}) written.chains.push_back(synthetic_chain(id, "GAC"));
  const Structure structure = read_structure_from_memory(to_mmcif(written), "cases.cif");
  ASSERT_EQ(structure.chains.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(structure.chains[i].id, written.chains[i].id);
}

TEST(StructureReader, BytesThatAreNotUtf8DoNoHarm) {
  Structure written;
  written.entry = "bytes";
  written.chains = {synthetic_chain("A", "GAC")};
  const std::string cif = to_mmcif(written) + "_audit_author.name M\xfcller\n_struct.title 'a \xb5 b'\n";
  EXPECT_EQ(read_structure_from_memory(cif, "bytes.cif").chains.at(0).sequence(), "GAC");
  const std::string pdb = "TITLE     \xff\xfe\xe9\n" + to_pdb(written);
  EXPECT_EQ(read_structure_from_memory(pdb, "bytes.pdb").chains.at(0).sequence(), "GAC");
}

TEST(StructureReader, LinesMayEndInAnyWay) {
  const std::string text = text_of(residues_of("GAC")) + "TER\nEND\n";
  for (const char* end : {"\r\n", "\r"}) {
    std::string other;
    for (char c : text) other += c == '\n' ? std::string(end) : std::string(1, c);
    const Chain chain = read_pdb(other).chains.at(0);
    EXPECT_EQ(chain.sequence(), "GAC");
    for (const Nucleotide& n : chain.nucleotides) EXPECT_TRUE(n.has(kP) && n.has(kGlycosidicNitrogen));
  }
}

TEST(StructureReader, FileNameEndingsAreKnown) {
  for (const char* name :
       {"a.pdb", "a.ent", "a.cif", "a.mmcif", "a.PDB", "x/y.cif.gz", "pdb1ehz.ent.gz", "a.bcif.gz", "1ehz.pdb1.gz"}) {
    EXPECT_TRUE(is_structure_file_name(name)) << name;
  }
  for (const char* name : {"a.txt", "pdb", "a.gz", "a.cif.bz2", "a.h5", ""}) {
    EXPECT_FALSE(is_structure_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace flashrna
