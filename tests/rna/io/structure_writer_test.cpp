#include "rna/io/structure_writer.h"

#include <gtest/gtest.h>

#include <gemmi/cif.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/pdb.hpp>
#include <set>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

enum class Format { kMmcif, kPdb };

std::string text_of(const Structure& structure, Format format) {
  return format == Format::kMmcif ? to_mmcif(structure) : to_pdb(structure);
}

Structure read_back(const std::string& text, Format format) {
  return read_structure_from_memory(text, format == Format::kMmcif ? "written.cif" : "written.pdb");
}

gemmi::Structure parse_with_gemmi(const std::string& text, Format format) {
  return format == Format::kMmcif ? gemmi::make_structure(gemmi::cif::read_string(text))
                                  : gemmi::read_pdb_string(text, "written");
}

Structure two_chains() {
  Structure structure;
  structure.entry = "twochains";
  structure.chains = {synthetic_chain("A", "GACUNGGAUC"), synthetic_chain("b", "CCGA")};
  Chain& chain = structure.chains[0];
  modify(chain, 3, "PSU");
  modify(chain, 1, "1MA");
  // A gap of two after residue 6, insertion codes, a negative number, missing atoms.
  for (std::size_t i = 6; i < chain.nucleotides.size(); ++i) {
    chain.nucleotides[i].residue_index += 2;
    chain.nucleotides[i].seq_id += 2;
    for (int slot = 0; slot < kAtomSlots; ++slot) {
      if (chain.nucleotides[i].has(slot)) chain.nucleotides[i].atoms[slot] += Vec3(40.0, 0.0, 0.0);
    }
  }
  chain.nucleotides[0].seq_id = -3;
  chain.nucleotides[2].seq_id = 2;
  chain.nucleotides[2].insertion_code = 'A';
  for (int slot : {kP, kOP1, kOP2}) {
    chain.nucleotides[0].atom_mask &= ~(1u << slot);
    chain.nucleotides[0].atoms[slot] = Vec3::Zero();
  }
  chain.n_modified = 3;  // including N
  return structure;
}

void expect_same(const Structure& got, const Structure& expected) {
  ASSERT_EQ(got.chains.size(), expected.chains.size());
  EXPECT_TRUE(got.rejected.empty());
  for (std::size_t c = 0; c < expected.chains.size(); ++c) {
    const Chain& chain = got.chains[c];
    const Chain& wanted = expected.chains[c];
    EXPECT_EQ(chain.id, wanted.id);
    EXPECT_EQ(chain.sequence(), wanted.sequence());
    EXPECT_EQ(chain.n_modified, wanted.n_modified);
    ASSERT_EQ(chain.nucleotides.size(), wanted.nucleotides.size());
    for (std::size_t i = 0; i < wanted.nucleotides.size(); ++i) {
      const Nucleotide& a = chain.nucleotides[i];
      const Nucleotide& b = wanted.nucleotides[i];
      EXPECT_EQ(a.name, b.name) << "residue " << i;
      EXPECT_EQ(a.seq_id, b.seq_id) << "residue " << i;
      EXPECT_EQ(a.insertion_code, b.insertion_code) << "residue " << i;
      EXPECT_EQ(a.residue_index, b.residue_index) << "residue " << i;
      EXPECT_EQ(a.atom_mask, b.atom_mask) << "residue " << i;
      EXPECT_NEAR(a.b_factor, b.b_factor, 0.0051) << "residue " << i;
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        EXPECT_LE((a.atoms[slot] - b.atoms[slot]).cwiseAbs().maxCoeff(), 0.00051)
            << "residue " << i << " " << atom_name(b, slot);
      }
    }
  }
}

class StructureWriter : public testing::TestWithParam<Format> {};

TEST_P(StructureWriter, OurReaderReadsBackWhatWasWritten) {
  const Structure structure = two_chains();
  expect_same(read_back(text_of(structure, GetParam()), GetParam()), structure);
}

TEST_P(StructureWriter, GemmiReadsBackTheSameAtoms) {
  const Structure structure = two_chains();
  const gemmi::Structure parsed = parse_with_gemmi(text_of(structure, GetParam()), GetParam());
  ASSERT_EQ(parsed.models.size(), 1u);
  ASSERT_EQ(parsed.models[0].chains.size(), structure.chains.size());
  for (std::size_t c = 0; c < structure.chains.size(); ++c) {
    const gemmi::Chain& chain = parsed.models[0].chains[c];
    EXPECT_EQ(chain.name, structure.chains[c].id);
    ASSERT_EQ(chain.residues.size(), structure.chains[c].nucleotides.size());
    for (std::size_t i = 0; i < chain.residues.size(); ++i) {
      const Nucleotide& nucleotide = structure.chains[c].nucleotides[i];
      const gemmi::Residue& residue = chain.residues[i];
      EXPECT_EQ(residue.name, nucleotide.name);
      EXPECT_EQ(residue.entity_type, gemmi::EntityType::Polymer);
      EXPECT_EQ(*residue.seqid.num, nucleotide.seq_id);
      EXPECT_EQ(residue.seqid.icode, nucleotide.insertion_code);
      std::size_t n_atoms = 0;
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        if (!nucleotide.has(slot)) continue;
        ASSERT_LT(n_atoms, residue.atoms.size());
        const gemmi::Atom& atom = residue.atoms[n_atoms++];
        EXPECT_EQ(atom.name, atom_name(nucleotide, slot));
        EXPECT_STREQ(atom.element.name(), std::string(1, atom.name[0]).c_str());
        EXPECT_NEAR(atom.pos.x, nucleotide.atoms[slot].x(), 0.00051);
        EXPECT_NEAR(atom.pos.y, nucleotide.atoms[slot].y(), 0.00051);
        EXPECT_NEAR(atom.pos.z, nucleotide.atoms[slot].z(), 0.00051);
        EXPECT_EQ(atom.occ, 1.0f);
      }
      EXPECT_EQ(n_atoms, residue.atoms.size());
    }
  }
}

TEST_P(StructureWriter, PseudouridineIsWrittenWithC5AtC1) {
  const Structure structure = two_chains();
  const gemmi::Structure parsed = parse_with_gemmi(text_of(structure, GetParam()), GetParam());
  const gemmi::Residue& residue = parsed.models[0].chains[0].residues[3];
  const gemmi::Atom* c1 = residue.find_atom("C1'", '*');
  const gemmi::Atom* c5 = residue.find_atom("C5", '*');
  ASSERT_TRUE(c1 != nullptr && c5 != nullptr);
  EXPECT_LT(c1->pos.dist(c5->pos), 1.6);
}

TEST_P(StructureWriter, UnknownModifiedNameKeepsItsParent) {
  Structure structure;
  structure.entry = "unknown";
  structure.chains = {synthetic_chain("A", "GAC")};
  modify(structure.chains[0], 1, "QQ9");
  const Structure got = read_back(text_of(structure, GetParam()), GetParam());
  ASSERT_EQ(got.chains.size(), 1u);
  EXPECT_EQ(got.chains[0].sequence(), "GAC");
  EXPECT_EQ(got.chains[0].nucleotides[1].name, "QQ9");
}

TEST_P(StructureWriter, GeneratedBackboneWithoutBasesIsNamedN) {
  Structure structure;
  structure.entry = "sample";
  structure.chains = {synthetic_chain("A", "NNNNN")};
  for (Nucleotide& nucleotide : structure.chains[0].nucleotides) nucleotide.name.clear();
  const Structure got = read_back(text_of(structure, GetParam()), GetParam());
  ASSERT_EQ(got.chains.size(), 1u);
  EXPECT_EQ(got.chains[0].sequence(), "NNNNN");
  EXPECT_EQ(got.chains[0].nucleotides[2].name, "N");
  EXPECT_EQ(got.chains[0].n_breaks(), 0);
}

TEST_P(StructureWriter, PositionThatIsNotFiniteIsRefused) {
  Structure structure = two_chains();
  structure.chains[1].nucleotides[2].atoms[kC2].y() = std::nan("");
  EXPECT_THROW(text_of(structure, GetParam()), Error);
}

INSTANTIATE_TEST_SUITE_P(Formats, StructureWriter, testing::Values(Format::kMmcif, Format::kPdb),
                         [](const auto& test) { return test.param == Format::kMmcif ? "mmCIF" : "PDB"; });

TEST(MmcifWriter, AwkwardChainIdentifiersSurvive) {
  Structure structure;
  structure.entry = "two words";
  for (const char* id : {"AA", "aA", "", "A 1", "it's", "loop_x", "#1", "_x", "A\"", "?", "."}) {
    structure.chains.push_back(synthetic_chain(id, "GA"));
  }
  structure.chains.resize(9);
  expect_same(read_back(to_mmcif(structure), Format::kMmcif), structure);
}

// The data block of a chain as the sampler writes it, with unknown or given bases.
gemmi::cif::Document written_block(const std::string& sequence) {
  Structure structure;
  structure.entry = "sample";
  structure.method = "THEORETICAL MODEL";
  structure.chains = {synthetic_chain("A", sequence)};
  return gemmi::cif::read_string(to_mmcif(structure));
}

TEST(MmcifWriter, CategoriesSayWhatThePolymerIsAndWhatMadeIt) {
  for (const std::string& sequence : {std::string(100, 'N'), std::string("GACU")}) {
    gemmi::cif::Document document = written_block(sequence);
    gemmi::cif::Block& block = document.blocks[0];
    const auto value = [&](const char* tag) { return block.find_values(tag); };
    for (const char* tag : {"_entity.type", "_entity_poly.type", "_struct_asym.id", "_atom_site.type_symbol"}) {
      EXPECT_GT(value(tag).length(), 0) << tag;
    }
    EXPECT_EQ(*block.find_value("_software.name"), "flashrna");
    EXPECT_EQ(gemmi::cif::as_string(*block.find_value("_software.classification")), "model building");
    EXPECT_EQ(value("_entity_poly.type").at(0), "polyribonucleotide");
    for (const char* tag : {"_entity_poly.pdbx_seq_one_letter_code", "_entity_poly.pdbx_seq_one_letter_code_can"}) {
      std::string letters = gemmi::cif::as_string(value(tag).at(0));
      std::erase(letters, '\n');
      EXPECT_EQ(letters, sequence) << tag;
    }
    const std::set<char> kinds(sequence.begin(), sequence.end());
    EXPECT_EQ(value("_chem_comp.id").length(), static_cast<int>(kinds.size()));
    for (const std::string& type : value("_chem_comp.type")) EXPECT_EQ(gemmi::cif::as_string(type), "RNA linking");
    const gemmi::Structure parsed = gemmi::make_structure_from_block(document.blocks.at(0));
    ASSERT_EQ(parsed.entities.size(), 1u);
    EXPECT_EQ(parsed.entities[0].polymer_type, gemmi::PolymerType::Rna);
  }
}

TEST(MmcifWriter, ASequenceWithAGapIsNotMadeUp) {
  gemmi::cif::Document document = gemmi::cif::read_string(to_mmcif(two_chains()));
  auto sequences = document.blocks[0].find_values("_entity_poly.pdbx_seq_one_letter_code");
  EXPECT_EQ(sequences.at(0), "?");
  EXPECT_EQ(gemmi::cif::as_string(sequences.at(1)), "CCGA");
}

TEST(MmcifWriter, GemmiReadsEveryModelOfAFile) {
  std::vector<Structure> models(3, two_chains());
  for (int m = 0; m < 3; ++m) {
    models[m].model = m + 1;
    models[m].chains[0].nucleotides[0].atoms[kC4].x() = 10.0 * m;
  }
  const gemmi::Structure parsed = parse_with_gemmi(models_to_mmcif(models), Format::kMmcif);
  ASSERT_EQ(parsed.models.size(), 3u);
  for (int m = 0; m < 3; ++m) {
    ASSERT_EQ(parsed.models[m].chains.size(), 2u);
    EXPECT_EQ(parsed.models[m].chains[0].residues.size(), 10u);
    EXPECT_EQ(parsed.models[m].chains[0].residues[0].find_atom("C4'", '*')->pos.x, 10.0 * m);
  }
}

TEST(MmcifWriter, ModelsOfOtherMoleculesAreRefused) {
  std::vector<Structure> models(2, two_chains());
  models[1].model = 2;
  models[1].chains[1].nucleotides.pop_back();
  EXPECT_THROW(models_to_mmcif(models), Error);
  EXPECT_THROW(models_to_mmcif({}), Error);
}

TEST(PdbWriter, WhatDoesNotFitIsRefusedAndMmcifNamed) {
  const auto refusal = [](const Structure& structure) {
    try {
      to_pdb(structure);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("not refused");
  };
  Structure long_id;
  long_id.chains = {synthetic_chain("AA", "GA")};
  EXPECT_NE(refusal(long_id).find("one character for a chain identifier; write mmCIF instead"), std::string::npos);

  Structure far;
  far.chains = {synthetic_chain("A", "GA")};
  far.chains[0].nucleotides[1].atoms[kP].x() = 10000.0;
  EXPECT_NE(refusal(far).find("write mmCIF instead"), std::string::npos);

  Structure long_name;
  long_name.chains = {synthetic_chain("A", "GA")};
  modify(long_name.chains[0], 0, "A1ABC");
  EXPECT_NE(refusal(long_name).find("A1ABC"), std::string::npos);

  Structure many;
  Chain chain;
  chain.id = "A";
  Nucleotide phosphate;
  phosphate.set(kP, Vec3(1, 2, 3));
  chain.nucleotides.assign(9'999, phosphate);
  many.chains = {chain};
  EXPECT_EQ(refusal(many), "not refused");
  many.chains[0].nucleotides.push_back(phosphate);
  EXPECT_NE(refusal(many).find("9,999 residues"), std::string::npos);

  Structure heavy;
  heavy.chains = {synthetic_chain("A", "G")};
  heavy.chains[0].nucleotides.assign(4'500, heavy.chains[0].nucleotides[0]);
  EXPECT_NE(refusal(heavy).find("99,999 atoms"), std::string::npos);
}

}  // namespace
}  // namespace flashrna
