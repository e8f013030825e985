// Unusual features of the real structures of the sample, tested one by one. The expected values were counted with
// another program or read from the files. The same features of the small structures, which every clone has.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "rna/io/structure_reader.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

std::string label(const Nucleotide& nucleotide) {
  const std::string_view code(&nucleotide.insertion_code, nucleotide.insertion_code == ' ' ? 0 : 1);
  return fmt::format("{}{}{}", nucleotide.name, nucleotide.seq_id, code);
}

const Chain* find_chain(const Structure& structure, const std::string& id) {
  const auto chain =
      std::find_if(structure.chains.begin(), structure.chains.end(), [&](const Chain& c) { return c.id == id; });
  return chain == structure.chains.end() ? nullptr : &*chain;
}

const Nucleotide* find_nucleotide(const Chain& chain, const std::string& wanted) {
  const auto nucleotide = std::find_if(chain.nucleotides.begin(), chain.nucleotides.end(),
                                       [&](const Nucleotide& n) { return label(n) == wanted; });
  return nucleotide == chain.nucleotides.end() ? nullptr : &*nucleotide;
}

bool is_standard(const Nucleotide& n) { return n.name == "A" || n.name == "C" || n.name == "G" || n.name == "U"; }

bool is_complete(const Nucleotide& nucleotide) {
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    if (!atom_name(nucleotide, slot).empty() && !nucleotide.has(slot)) return false;
  }
  return true;
}

// "GTP1 CCC81": the modified nucleotides in chain order.
std::string modified(const Chain& chain) {
  std::vector<std::string> labels;
  for (const Nucleotide& n : chain.nucleotides) {
    if (!is_standard(n)) labels.push_back(label(n));
  }
  return fmt::format("{}", fmt::join(labels, " "));
}

// "C5-A7 A16-G19": the residues next to each gap.
std::string gaps(const Chain& chain) {
  std::vector<std::string> labels;
  for (std::size_t i = 1; i < chain.nucleotides.size(); ++i) {
    const Nucleotide& before = chain.nucleotides[i - 1];
    const Nucleotide& after = chain.nucleotides[i];
    if (after.residue_index == before.residue_index + 1) continue;
    labels.push_back(fmt::format("{}-{}", label(before), label(after)));
  }
  return fmt::format("{}", fmt::join(labels, " "));
}

std::string rejected(const Structure& structure) {
  std::vector<std::string> labels;
  for (const RejectedChain& chain : structure.rejected) labels.push_back(fmt::format("{}:{}", chain.id, chain.reason));
  return fmt::format("{}", fmt::join(labels, " "));
}

struct AwkwardChain {
  const char* file;
  const char* chain;
  int length;
  int n_insertion_codes;
  int n_incomplete;  // A, C, G and U with missing atoms
  const char* modified;
  const char* gaps;
  int last_index;
  const char* rejected;  // of the whole file
};

constexpr const char* kHybrid = "DNA/RNA hybrid";

constexpr AwkwardChain kChains[] = {
    {"1EHZ.cif", "A", 76, 0, 0, "2MG10 H2U16 H2U17 M2G26 OMC32 OMG34 YYG37 PSU39 5MC40 7MG46 5MC49 5MU54 PSU55 1MA58",
     "", 75, ""},
    {"1FJG_reduced.pdb", "A", 193, 13, 2, "", "", 192, ""},  // the remainder of the ribosome was removed
    {"1L3D.pdb", "A", 28, 0, 0, "GTP1", "", 27, ""},
    {"1MFQ.pdb", "A", 128, 0, 1, "CCC239", "", 127, "B:protein C:protein"},
    {"1Y26.cif", "X", 71, 0, 1, "", "", 70, ""},
    {"1ZO1.pdb", "F", 76, 0, 1, "", "", 75, "I:protein W:protein"},
    {"1dul.cif.gz", "B", 49, 0, 1, "CCC178", "", 48, "A:protein"},
    {"1tob.pdb", "A", 27, 0, 1, "", "", 26, ""},
    {"1xjr.cif", "A", 47, 0, 0, "GTP1", "", 46, ""},
    {"1y27.cif", "X", 68, 0, 0, "GDP14 CCC81", "", 67, ""},
    {"2Y8W.pdb", "B", 19, 0, 1, "", "G20-A22", 19, "A:protein"},                        // DG 21
    {"3DD2.pdb", "B", 15, 0, 1, "", "A5-A7 G10-G13 G16-A18 A18-A22", 21, "H:protein"},  // DC, DU
    {"3tup.cif", "T", 74, 0, 0, "", "", 73, "A:protein"},
    {"488d.pdb", "A", 16, 0, 1, "", "", 15, ""},
    {"488d.pdb", "B", 20, 4, 1, "CCC170", "", 19, ""},
    {"488d.pdb", "C", 5, 0, 1, "", "", 4, ""},
    {"488d.pdb", "D", 25, 4, 1, "", "", 24, ""},
    {"4OJI.cif", "A", 51, 0, 1, "", "C5-A7 A16-G19", 53, ""},  // DU 6; 17 and 18 are missing
    {"4p5j.cif", "A", 84, 0, 0, "A2384", "", 83, ""},
    {"5de5-assembly1.cif.gz", "A", 35, 0, 1, "", "", 34, "B:protein"},
    {"5dea-assembly1.cif.gz", "A", 35, 0, 1, "", "", 34, "B:protein"},
    {"5k7c.pdb", "A", 47, 0, 0, "", "", 46, ""},
    {"5k7c.pdb", "B", 10, 0, 0, "", "G52-U54", 10, ""},  // DG 53
    {"5m0h.cif", "A", 42, 0, 1, "", "", 41, ""},
    {"5v3f-assembly1.cif.gz", "A", 31, 0, 1, "", "", 30, ""},
    {"5v3f-assembly1.cif.gz", "B", 19, 0, 0, "", "", 18, ""},
    {"6VRD.pdb", "B", 20, 0, 1, "", "", 19, "A:protein"},
    {"6VRD.pdb", "C", 9, 0, 7, "", "A5-C16", 18, "A:protein"},                 // ten deoxynucleotides named A, C and T
    {"6las.cif", "A", 55, 0, 0, "", "", 54, "C:protein E:protein D:protein"},  // SAM 101 is a ligand
    {"7KKV.pdb", "B", 60, 0, 1, "", "", 59, "A:protein"},
    {"7ur5_native.pdb", "w", 90, 19, 0, "", "", 89, ""},
    {"7uri_native.pdb", "y", 90, 19, 0, "", "", 89, ""},
    {"7xjz_native.pdb", "B", 73, 0, 0, "GTP1", "", 72, ""},
    {"7yr6_native.pdb", "A", 118, 0, 0, "", "", 117, ""},
    {"8d9l_native.pdb", "C", 65, 0, 0, "", "A31-U39", 71, ""},
    {"8ex9_native.pdb", "B", 102, 0, 1, "", "A-71-U-46 C-20-G-15", 129, ""},  // REMARK 465: -70..-47, -19..-16
    {"8h1j_native.pdb", "B", 102, 0, 0, "", "U-70-A-47 C-20-G-15", 127, ""},
    {"pz37_native.pdb", "A", 61, 0, 0, "GTP1", "", 60, ""},
    {"r1189_native.pdb", "A", 118, 0, 0, "", "", 117, ""},
    {"trna12H.pdb", "", 75, 0, 0, "1MG9 2MG10 H2U16 M2G26 T6A37 7MG46 H2U47 5MC48 5MC49 1MA58 RIA64", "", 74, ""},
    {"ur0020H.pdb", "A", 28, 0, 0, "GTP1", "", 27, ""},
    {"ur0026H.pdb", "A", 27, 0, 1, "", "", 26, ""},
    {"ur0035H.pdb", "A", 27, 0, 1, "", "", 26, ""},
};

constexpr AwkwardChain kSmallChains[] = {
    {"duplex.pdb", "A", 8, 0, 0, "", "", 7, ""},
    {"duplex.pdb", "B", 8, 0, 0, "", "", 7, ""},
    {"strand.cif.gz", "A", 25, 0, 0, "", "", 24, ""},
    {"modified.cif", "A", 8, 0, 0, "GTP1 2MG3 5MC4 1MA5 5MU6", "", 7, ""},
    {"insertion_codes.pdb", "A", 8, 4, 0, "", "", 7, ""},
    {"alternate_locations.pdb", "A", 7, 0, 0, "", "", 6, ""},
    {"models.pdb.gz", "A", 6, 0, 0, "", "", 5, ""},
    {"hybrid.pdb", "A", 6, 0, 0, "", "C3-A5", 6, ""},  // DU 4
    {"gap.cif", "A", 8, 0, 0, "", "U6-C9", 9, ""},     // A 7 and G 8 are in the sequence only
    {"damaged.pdb", "A", 7, 0, 2, "", "", 6, ""},
    {"complex.cif", "A", 7, 0, 0, "", "", 6, "B:protein"},
};

void expect_chain(const std::string& path, const AwkwardChain& expected) {
  const Structure structure = read_structure(path);
  const Chain* chain = find_chain(structure, expected.chain);
  ASSERT_NE(chain, nullptr);
  const auto& nucleotides = chain->nucleotides;
  EXPECT_EQ(static_cast<int>(nucleotides.size()), expected.length);
  EXPECT_EQ(chain->n_without_frame, 0);
  EXPECT_EQ(
      std::count_if(nucleotides.begin(), nucleotides.end(), [](const auto& n) { return n.insertion_code != ' '; }),
      expected.n_insertion_codes);
  EXPECT_EQ(std::count_if(nucleotides.begin(), nucleotides.end(),
                          [](const auto& n) { return is_standard(n) && !is_complete(n); }),
            expected.n_incomplete);
  EXPECT_EQ(modified(*chain), expected.modified);
  EXPECT_EQ(gaps(*chain), expected.gaps);
  EXPECT_EQ(nucleotides.back().residue_index, expected.last_index);
  EXPECT_EQ(rejected(structure), expected.rejected);
}

std::string test_name(const testing::TestParamInfo<AwkwardChain>& test) {
  std::string name = std::string(test.param.file) + "_" + test.param.chain;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class AwkwardStructure : public testing::TestWithParam<AwkwardChain> {};

TEST_P(AwkwardStructure, HasTheNucleotidesGapsAndRejectedChainsOfItsFile) {
  FLASHRNA_REQUIRE_SHARED(path, std::string("structures/sample/") + GetParam().file);
  expect_chain(path, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Sample, AwkwardStructure, testing::ValuesIn(kChains), test_name);

class SmallStructure : public testing::TestWithParam<AwkwardChain> {};

TEST_P(SmallStructure, HasTheNucleotidesGapsAndRejectedChainsOfItsFile) {
  expect_chain(small_structure(GetParam().file), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Committed, SmallStructure, testing::ValuesIn(kSmallChains), test_name);

// The spliceosomal RNA of 6G90 has 34 nucleotides that its authors could not identify.
TEST(AwkwardStructures, NucleotidesNamedNKeepThatName) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/6g90_1.cif");
  const Structure structure = read_structure(path);
  const Chain* chain = find_chain(structure, "1");
  ASSERT_NE(chain, nullptr);
  EXPECT_EQ(chain->nucleotides.size(), 327u);
  EXPECT_EQ(chain->n_modified, 34);
  EXPECT_EQ(chain->n_breaks(), 14);
  EXPECT_EQ(std::count_if(chain->nucleotides.begin(), chain->nucleotides.end(),
                          [](const Nucleotide& n) { return n.base == Base::N && n.name == "N"; }),
            34);
}

TEST(AwkwardStructures, HybridsAreCalledSo) {
  for (const auto& [file, id] :
       {std::pair{"2Y8W.pdb", "B"}, {"3DD2.pdb", "B"}, {"4OJI.cif", "A"}, {"5k7c.pdb", "B"}, {"6VRD.pdb", "C"}}) {
    FLASHRNA_REQUIRE_SHARED(path, std::string("structures/sample/") + file);
    const Structure structure = read_structure(path);
    for (const Chain& chain : structure.chains)
      EXPECT_EQ(chain.molecule_kind, chain.id == id ? kHybrid : "RNA") << file;
  }
}

struct Numbering {
  const char* file;
  const char* chain;
  std::size_t first;
  const char* labels;  // from nucleotide `first` on
};

TEST(AwkwardStructures, InsertionCodesStandInTheOrderOfTheBonds) {
  constexpr Numbering kNumberings[] = {
      // Residue numbers decrease and increase along this hammerhead ribozyme.
      {"488d.pdb", "D", 0,
       "G114 G113 C112 C111 G120 A130 A140 A151 C152 U153 C154 G31L U32L A33L A34L G164 A163 G162 U161 C170 A11 C12"},
      {"7uri_native.pdb", "y", 3, "G4 G5 G5A G5B A6 A7"},
      {"7uri_native.pdb", "y", 48, "A46 A47 U47A G47B C47C C47D U47E C47F G47G C47H C47I G47J C47K A47L U47M U48"},
      {"1FJG_reduced.pdb", "A", 179,
       "C190 C190A C190B C190C U190D U190E G190F G190G G190H G190I U190J G190K U190L G191"},
  };
  for (const Numbering& numbering : kNumberings) {
    SCOPED_TRACE(numbering.file);
    FLASHRNA_REQUIRE_SHARED(path, std::string("structures/sample/") + numbering.file);
    const Structure structure = read_structure(path);
    const Chain* chain = find_chain(structure, numbering.chain);
    ASSERT_NE(chain, nullptr);
    std::stringstream labels(numbering.labels);
    std::size_t i = numbering.first;
    for (std::string expected; labels >> expected; ++i) {
      ASSERT_LT(i, chain->nucleotides.size());
      EXPECT_EQ(label(chain->nucleotides[i]), expected);
      EXPECT_EQ(chain->nucleotides[i].residue_index, static_cast<int>(i));
    }
  }
}

TEST(SmallStructures, InsertionCodesFollowTheOrderOfTheBonds) {
  const Structure structure = read_structure(small_structure("insertion_codes.pdb"));
  std::vector<std::string> labels;
  for (const Nucleotide& nucleotide : structure.chains.at(0).nucleotides) labels.push_back(label(nucleotide));
  EXPECT_EQ(fmt::format("{}", fmt::join(labels, " ")), "G47 A47A C47B U46 U48 G48L C31L A30");
}

TEST(SmallStructures, HybridsAreCalledSo) {
  EXPECT_EQ(read_structure(small_structure("hybrid.pdb")).chains.at(0).molecule_kind, kHybrid);
  EXPECT_EQ(read_structure(small_structure("gap.cif")).chains.at(0).molecule_kind, "RNA");
}

struct Alternate {
  const char* file;
  const char* nucleotide;
  AtomSlot slot;
  Vec3 position;
};

TEST(AwkwardStructures, TheMoreOccupiedAlternateLocationIsTaken) {
  const Alternate kAlternates[] = {
      {"ur0026H.pdb", "G2663", kP, {-5.422, 19.449, 10.780}},    // B, 0.57 to 0.43
      {"ur0026H.pdb", "G2669", kP, {25.848, 14.457, 15.719}},    // A, 0.52 to 0.48
      {"ur0035H.pdb", "A2654", kP, {0.935, -35.074, -15.501}},   // B, 0.67 to 0.33 for P
      {"ur0035H.pdb", "A2654", kO3, {2.464, -38.410, -10.890}},  // and 0.53 to 0.47 for O3'
      {"ur0020H.pdb", "G12", kO3, {17.852, 24.877, 34.997}},     // a tie: A, the first in the file
      {"1L3D.pdb", "U13", kC4, {26.101, 52.982, 19.198}},        // a tie
      {"4OJI.cif", "A7", kC4, {-13.727, 18.742, -4.641}},        // A, 0.55 to 0.45
  };
  for (const Alternate& alternate : kAlternates) {
    SCOPED_TRACE(std::string(alternate.file) + " " + alternate.nucleotide);
    FLASHRNA_REQUIRE_SHARED(path, std::string("structures/sample/") + alternate.file);
    const Structure structure = read_structure(path);
    const Nucleotide* nucleotide = find_nucleotide(structure.chains.at(0), alternate.nucleotide);
    ASSERT_NE(nucleotide, nullptr);
    EXPECT_LE((nucleotide->atoms[alternate.slot] - alternate.position).norm(), 1e-6);
  }
}

TEST(SmallStructures, TheMoreOccupiedAlternateLocationIsTaken) {
  const Alternate kAlternates[] = {
      {"", "A2", kP, {5.161, 0.223, 3.460}},      // B, 0.57 to 0.43
      {"", "U4", kO3, {10.064, 12.978, 10.647}},  // A, 0.52 to 0.48
      {"", "G6", kC4, {2.208, 18.987, 12.836}},   // a tie: A, the first in the file
  };
  const Structure structure = read_structure(small_structure("alternate_locations.pdb"));
  for (const Alternate& alternate : kAlternates) {
    const Nucleotide* nucleotide = find_nucleotide(structure.chains.at(0), alternate.nucleotide);
    ASSERT_NE(nucleotide, nullptr);
    EXPECT_LE((nucleotide->atoms[alternate.slot] - alternate.position).norm(), 1e-6) << alternate.nucleotide;
  }
}

// The file of 1YFG has two lines that end with a lone carriage return.
TEST(AwkwardStructures, RecordsBehindALoneCarriageReturnAreRead) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/trna12H.pdb");
  const Structure structure = read_structure(path);
  const Nucleotide* nucleotide = find_nucleotide(structure.chains.at(0), "A38");
  ASSERT_NE(nucleotide, nullptr);
  EXPECT_LE((nucleotide->atoms[kP] - Vec3(-21.601, 46.022, -26.967)).norm(), 1e-6);
}

TEST(SmallStructures, ALoneCarriageReturnAndMissingAtomsAreRead) {
  const Chain chain = read_structure(small_structure("damaged.pdb")).chains.at(0);
  const Nucleotide* third = find_nucleotide(chain, "C3");
  ASSERT_NE(third, nullptr);
  EXPECT_LE((third->atoms[kP] - Vec3(8.505, 3.171, 6.665)).norm(), 1e-6);  // behind the carriage return
  for (const int slot : {kP, kOP1, kOP2}) {
    EXPECT_FALSE(chain.nucleotides.front().has(slot));
    EXPECT_EQ(chain.nucleotides.front().atoms[slot], Vec3(0, 0, 0));
  }
  EXPECT_TRUE(chain.nucleotides.front().has(kO5));
  EXPECT_EQ(chain.nucleotides.back().atom_mask, (1u << 13) - 1) << "the backbone and N1";
}

TEST(AwkwardStructures, MissingAtomsAreMissing) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1FJG_reduced.pdb");
  const Structure structure = read_structure(path);
  const Chain& chain = structure.chains.at(0);
  const Nucleotide& first = chain.nucleotides.front();  // U 5, without its phosphate
  for (const int slot : {kP, kOP1, kOP2}) {
    EXPECT_FALSE(first.has(slot));
    EXPECT_EQ(first.atoms[slot], Vec3(0, 0, 0));
  }
  EXPECT_TRUE(first.has(kO5));
  const Nucleotide& last = chain.nucleotides.back();  // G 191, with only N9 and C8 of its base
  EXPECT_EQ(last.atom_mask, (1u << 14) - 1);
}

}  // namespace
}  // namespace flashrna
