// Which residues of one chain identifier are one molecule: by bonds, TER records, segments and numbers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/rna/chains_text.h"
#include "tests/rna/pdb_lines.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

std::vector<Lines> moved(std::vector<Lines> residues) {
  for (Lines& lines : residues) change(lines, [](AtomLine& line) { line.position.x() += 30.0; });
  return residues;
}

TEST(Molecules, OfOneChainIdentifierAreToldApart) {
  const std::string first = text_of(residues_of("GACU")), second = text_of(moved(residues_of("GACU")));
  EXPECT_EQ(chains_of(read_pdb(first + "TER\n" + second + "TER\nEND\n")), "A GACU 0, A-2 GACU 0");
  EXPECT_EQ(chains_of(read_pdb(first + second)), "A GACU 0, A-2 GACU 0") << "the numbers begin again";
  auto higher = moved(residues_of("GACU"));
  for (Lines& lines : higher) change(lines, [](AtomLine& line) { line.seq_id += 4; });
  EXPECT_EQ(chains_of(read_pdb(first + "TER\n" + text_of(higher))), "A GACU 0, A-2 GACU 0") << "TER alone";
  EXPECT_EQ(chains_of(read_pdb(first + text_of(higher))), "A GACUGACU 1") << "a gap";
  EXPECT_EQ(chains_of(read_pdb(text_of(higher) + first)), "A GACU 0, A-2 GACU 0") << "all numbers are lower";
}

std::string with_segment(const std::string& text, const std::string& segment) {
  std::istringstream lines(text);
  std::string changed;
  for (std::string line; std::getline(lines, line);) changed += line.replace(72, 4, segment) + "\n";
  return changed;
}

TEST(Molecules, AreToldApartBySegments) {
  auto higher = moved(residues_of("GACU"));
  for (Lines& lines : higher) {
    change(lines, [](AtomLine& line) { line.seq_id += 4, line.chain = " "; });
  }
  auto first = residues_of("GACU");
  for (Lines& lines : first) change(lines, [](AtomLine& line) { line.chain = " "; });
  EXPECT_EQ(chains_of(read_pdb(with_segment(text_of(first), "RNAA") + with_segment(text_of(higher), "RNAB"))),
            " GACU 0, -2 GACU 0");
}

TEST(Molecules, ABondGoesBeforeTerSegmentsAndNumbers) {
  auto residues = residues_of("GACUGA");
  std::string text;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    if (i == 4) change(residues[i], [](AtomLine& line) { line.seq_id = 1; });
    if (i == 5) change(residues[i], [](AtomLine& line) { line.seq_id = 2; });
    text += with_segment(text_of(residues[i]), fmt::format("S{:<3}", i)) + "TER\n";
  }
  EXPECT_EQ(chains_of(read_pdb(text)), "A GACUGA 0");
}

TEST(Molecules, LigandsAfterTerAreNone) {
  auto ligand = moved(residues_of("A"));
  change(ligand[0], [](AtomLine& line) { line.residue = "ATP", line.record = "HETATM", line.seq_id = 101; });
  EXPECT_EQ(chains_of(read_pdb(text_of(residues_of("GACU")) + "TER\n" + text_of(ligand))), "A GACU 0");
}

bool is_atom(const std::string& line) { return line.starts_with("ATOM") || line.starts_with("HETATM"); }

// mmCIF of two strands, the second 60 Å away, with one auth_asym_id and two label_asym_id.
std::string one_author_chain(const Chain& first, Chain second) {
  Structure written;
  written.entry = "duplex";
  for (Nucleotide& n : second.nucleotides) {
    for (Vec3& atom : n.atoms) atom.x() += 60.0;
  }
  written.chains = {first, second};
  std::istringstream lines(to_mmcif(written));
  std::string text;
  for (std::string line; std::getline(lines, line); text += line + '\n') {
    if (!is_atom(line)) continue;
    // auth_asym_id, auth_atom_id and the model end a line.
    const std::size_t atom = line.rfind(' ', line.find_last_not_of(' ', line.rfind(' ')));
    line[line.find_last_not_of(' ', atom)] = 'A';
  }
  return text;
}

TEST(Molecules, OfOneAuthorsChainInMmcifAreToldApart) {
  const std::string text = one_author_chain(synthetic_chain("A", "GACU"), synthetic_chain("B", "GACU"));
  EXPECT_EQ(chains_of(read_structure_from_memory(text, "made.cif")), "A GACU 0, A-2 GACU 0");
}

TEST(Molecules, OfOneAuthorsChainInMmcifDoNotShareResidues) {
  for (const int shift : {-3, -2, 2, 3}) {  // numbers coincide in part, with the same names
    Chain second = synthetic_chain("B", "GGGGGG");
    for (Nucleotide& n : second.nucleotides) n.seq_id += shift;
    const std::string text = one_author_chain(synthetic_chain("A", "GGGGGG"), second);
    EXPECT_EQ(chains_of(read_structure_from_memory(text, "made.cif")), "A GGGGGG 0, A-2 GGGGGG 0") << shift;
  }
}

std::string mmcif_of(const Chain& chain) {
  Structure structure;
  structure.entry = "made";
  structure.chains = {chain};
  return to_mmcif(structure);
}

// Two files put together: chain, numbers and ids of the atoms begin again.
TEST(Molecules, OfOneChainInMmcifAreToldApartWhereItsNumbersBeginAgain) {
  for (const std::string sequence : {"GACU", "GCAU"}) {  // residues of equal names are merged by gemmi, others not
    Chain second = synthetic_chain("A", sequence);
    for (Nucleotide& n : second.nucleotides) {
      for (Vec3& atom : n.atoms) atom.x() += 60.0;
    }
    std::istringstream lines(mmcif_of(second));
    std::string rows;
    for (std::string line; std::getline(lines, line);)
      if (is_atom(line)) rows += line + '\n';
    std::string text = mmcif_of(synthetic_chain("A", "GACU"));
    text.insert(text.find('\n', std::max(text.rfind("\nATOM"), text.rfind("\nHETATM") + 1) + 1) + 1, rows);
    EXPECT_EQ(chains_of(read_structure_from_memory(text, "made.cif")), fmt::format("A GACU 0, A-2 {} 0", sequence));
  }
}

}  // namespace
}  // namespace flashrna
