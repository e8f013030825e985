// Parents of modified nucleotides: from the file's records, then the table of names, then the base atoms.
#include "rna/parent_nucleotide.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/rna/pdb_lines.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

struct KnownNames {
  ResidueKind kind;
  Base base;
  const char* names;
};

// The tables of gemmi and of this project, with the names of all modified nucleotides in the real structures.
constexpr KnownNames kKnownNames[] = {
    {ResidueKind::kRna, Base::A, "A 12A 1MA 2MA 574 A23 A2M AET AVC MAD MIA RIA T6A ADP AMP ATP"},
    {ResidueKind::kRna, Base::C, "C 4OC 5MC A5M CBV CCC OMC CTP"},
    {ResidueKind::kRna, Base::G, "G 1MG 23G 2MG 7MG G7M I M2G MGT OMG PGP QUO YG YYG GDP GTP"},
    {ResidueKind::kRna, Base::U, "U 4SU 5BU 5MU 70U B8N DHU FHU FMU H2U OMU PSU S4U U37 U8U URI UTP"},
    {ResidueKind::kRna, Base::N, "N"},
    {ResidueKind::kDna, Base::N, "DA DC DG DT DU"},
    {ResidueKind::kAminoAcid, Base::N, "ALA MSE"},
    {ResidueKind::kWater, Base::N, "HOH"},
    {ResidueKind::kUnknown, Base::N, "SAM SAH FMN B12 MG XYZ"},
};

TEST(ParentNucleotide, KnownNamesHaveTheirKindAndBase) {
  for (const KnownNames& known : kKnownNames) {
    std::stringstream names(known.names);
    for (std::string name; names >> name;) {
      EXPECT_EQ(identify_residue(name).kind, known.kind) << name;
      EXPECT_EQ(identify_residue(name).base, known.base) << name;
    }
  }
}

// A chain whose second residue is named `name`; its atoms are those of the letter in `sequence`.
std::vector<Lines> chain_with(const std::string& name, const std::string& sequence = "GNC") {
  auto residues = residues_of(sequence);
  change(residues[1], [&](AtomLine& line) { line.residue = name, line.record = "HETATM"; });
  return residues;
}

char parent_in(const Structure& structure) {
  const Chain& chain = structure.chains.at(0);
  EXPECT_EQ(chain.nucleotides.size(), 3u);
  return chain.sequence().at(1);
}

TEST(ParentNucleotide, ANameInTheTableNeedsNoBaseAtoms) {
  for (const KnownNames& known : kKnownNames) {
    if (known.kind != ResidueKind::kRna) continue;
    std::stringstream names(known.names);
    for (std::string name; names >> name;) {
      const Structure structure = read_pdb(text_of(chain_with(name)));
      EXPECT_EQ(parent_in(structure), base_letter(known.base)) << name;
      EXPECT_EQ(structure.chains[0].nucleotides[1].name, name);
    }
  }
}

std::string modres(const std::string& name, const std::string& parent) {
  return fmt::format("MODRES 1ABC {:>3} A    2  {:>3}  SOMETHING\n", name, parent);
}

TEST(ParentNucleotide, ModresGoesBeforeTableAndAtoms) {
  EXPECT_EQ(parent_in(read_pdb(modres("XYZ", "G") + text_of(chain_with("XYZ", "GAC")))), 'G');
  EXPECT_EQ(parent_in(read_pdb(modres("XYZ", "+U") + text_of(chain_with("XYZ")))), 'U') << "as files before 2007 write";
  EXPECT_EQ(parent_in(read_pdb(modres("PSU", "C") + text_of(chain_with("PSU")))), 'C');
  EXPECT_EQ(parent_in(read_pdb(modres("PSU", "N") + text_of(chain_with("PSU")))), 'U') << "a parent that says nothing";
  const Chain dna = read_pdb(modres("XYZ", "DG") + text_of(chain_with("XYZ", "GGC"))).chains.at(0);
  EXPECT_EQ(dna.sequence(), "GC") << "modified DNA is a gap";
}

// mmCIF as the project writes it, with `name` as its second residue and `records` before the atoms.
std::string mmcif_with(const std::string& name, const std::string& records) {
  Structure written;
  written.entry = "made";
  written.chains = {synthetic_chain("A", "GNC")};
  modify(written.chains[0], 1, name);
  std::string text = to_mmcif(written);
  const std::size_t own = text.find("loop_\n_chem_comp.id");  // replaced by `records`
  text.erase(own, text.find("#\n", own) - own);
  return text + "#\n" + records;
}

TEST(ParentNucleotide, MmcifRecordsGoBeforeTableAndAtoms) {
  const auto parent = [](const std::string& name, const std::string& records) {
    return parent_in(read_structure_from_memory(mmcif_with(name, records), "made.cif"));
  };
  const std::string mod_residue =
      "_pdbx_struct_mod_residue.label_comp_id {}\n_pdbx_struct_mod_residue.parent_comp_id {}\n";
  const std::string component =
      "_chem_comp.id {}\n_chem_comp.type 'RNA linking'\n_chem_comp.mon_nstd_parent_comp_id {}\n";
  for (const std::string& records : {mod_residue, component}) {
    EXPECT_EQ(parent("XYZ", fmt::format(fmt::runtime(records), "XYZ", "G")), 'G');
    EXPECT_EQ(parent("PSU", fmt::format(fmt::runtime(records), "PSU", "C")), 'C');
    EXPECT_EQ(parent("PSU", fmt::format(fmt::runtime(records), "PSU", "?")), 'U');
    EXPECT_EQ(parent("XYZ", fmt::format(fmt::runtime(records), "XYZ", "?")), 'N');
  }
}

struct BaseAtoms {
  char like;            // the base whose atoms it has,
  const char* without;  // without these atoms,
  const char* renamed;  // "O4 S4": with one atom renamed
  char parent;
  const char* what;
};

class UnknownName : public testing::TestWithParam<BaseAtoms> {};

TEST_P(UnknownName, HasTheParentOfItsBaseAtoms) {
  auto residues = chain_with("XYZ", std::string("G") + GetParam().like + "C");
  std::string from, to, absent;
  std::stringstream(GetParam().renamed) >> from >> to;
  change(residues[1], [&](AtomLine& line) {
    if (line.atom == from) line.atom = to;
  });
  std::stringstream without(GetParam().without);
  while (without >> absent) std::erase_if(residues[1], [&](const AtomLine& line) { return line.atom == absent; });
  const Structure structure = read_pdb(text_of(residues));
  EXPECT_EQ(parent_in(structure), GetParam().parent);
  EXPECT_EQ(structure.chains[0].nucleotides[1].name, "XYZ");
  EXPECT_EQ(structure.chains[0].n_modified, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Bases, UnknownName,
    testing::Values(BaseAtoms{'A', "", "", 'A', "adenine"}, BaseAtoms{'C', "", "", 'C', "cytosine"},
                    BaseAtoms{'G', "", "", 'G', "guanine"}, BaseAtoms{'U', "", "", 'U', "uracil"},
                    BaseAtoms{'G', "N2", "", 'G', "hypoxanthine"}, BaseAtoms{'G', "", "O6 S6", 'G', "thioguanine"},
                    BaseAtoms{'G', "", "N7 C7", 'G', "deazaguanine"}, BaseAtoms{'U', "", "O4 S4", 'U', "thiouracil"},
                    BaseAtoms{'U', "O2", "", 'U', "uracil_without_O2"}, BaseAtoms{'A', "N6", "", 'N', "purine"},
                    BaseAtoms{'U', "O4", "", 'N', "pyrimidine_without_O4"},
                    BaseAtoms{'A', "N9", "", 'N', "no_atom_bonded_to_C1"}, BaseAtoms{'N', "", "", 'N', "no_base"}),
    [](const auto& test) { return test.param.what; });

TEST(ParentNucleotide, AnUnknownNameWithoutARiboseIsNoNucleotide) {
  auto residues = chain_with("XYZ", "GAC");
  std::erase_if(residues[1], [](const AtomLine& line) { return line.atom == "C2'"; });
  EXPECT_EQ(read_pdb(text_of(residues)).chains.at(0).sequence(), "GC");
}

class FreeLigand : public testing::TestWithParam<const char*> {};

TEST_P(FreeLigand, StaysOutWhereverTheFileWritesIt) {
  const auto residues = residues_of("GAC");
  auto ligand = residues_of("A");
  change(ligand[0], [](AtomLine& line) {
    line.residue = GetParam();
    line.record = "HETATM";
    line.seq_id = 101;
    line.position += Vec3(30, 0, 0);
  });
  for (const char* ter : {"TER\n", ""}) {
    const Structure structure = read_pdb(text_of(residues) + ter + text_of(ligand) + "END\n");
    ASSERT_EQ(structure.chains.size(), 1u);
    EXPECT_EQ(structure.chains[0].sequence(), "GAC") << "with \"" << ter << "\"";
  }
  const Structure alone = read_pdb(text_of(ligand));
  EXPECT_TRUE(alone.chains.empty());
}

INSTANTIATE_TEST_SUITE_P(Names, FreeLigand,
                         testing::Values("ATP", "ADP", "AMP", "ANP", "GTP", "GDP", "GNP", "CTP", "UTP", "URI", "ADE",
                                         "SAM", "SAH", "NAD", "XYZ"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace flashrna
