// Datasets of proteins: conversion, reading, and the tools that take one polymer only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <Eigen/Core>
#include <cmath>
#include <functional>

#include "datasets/conversion.h"
#include "datasets/dataset_columns.h"
#include "datasets/dataset_reader.h"
#include "datasets/dataset_rewrite.h"
#include "datasets/dataset_writer.h"
#include "datasets/hdf5/file.h"
#include "datasets/protein_rows.h"
#include "datasets/splits.h"
#include "protein/backbone.h"
#include "protein/io/structure_writer.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"
#include "tests/datasets/stored_dataset.h"
#include "tests/protein/synthetic_peptide.h"

namespace flashrna {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProteinStructure made_protein(const std::string& entry) {
  ProteinStructure structure;
  structure.entry = entry;
  structure.chains = {synthetic_peptide("A", "MKTAYIAKQR"), synthetic_peptide("B", "GGSCVX", -120.0, 130.0)};
  for (ProteinResidue& residue : structure.chains[1].residues) {
    for (Vec3& atom : residue.atoms) atom += Vec3(50, 0, 0);
  }
  structure.chains[0].residues[0].name = "MSE";
  return structure;
}

class ProteinDataset : public ::testing::Test {
 protected:
  // A protein, RNA, and both in one file.
  std::string make_files() const {
    folder.write("in/1abc.cif", to_mmcif(made_protein("1ABC")));
    folder.write("in/2abc.cif", to_mmcif(example_structure("2ABC", {12, 15})));
    return folder.path("in");
  }
  ConversionResult convert(const std::string& input, Polymer polymer, const std::string& output,
                           EntryUnit unit = EntryUnit::kChain) const {
    ConversionOptions options;
    options.polymer = polymer;
    options.unit = unit;
    return convert_structures({input}, folder.path(output), options);
  }

  TemporaryFolder folder;
};

TEST_F(ProteinDataset, ConversionStoresTheChainsOfThePolymerAskedFor) {
  const std::string input = make_files();
  const ConversionResult protein = convert(input, Polymer::kProtein, "protein.h5");
  EXPECT_EQ(protein.chains, 2u);
  EXPECT_EQ(protein.residues, 16u);
  EXPECT_EQ(protein.rejected.at("RNA"), 2u);
  const ConversionResult rna = convert(input, Polymer::kRna, "rna.h5");
  EXPECT_EQ(rna.chains, 2u);
  EXPECT_EQ(rna.rejected.at("protein"), 2u);

  const Hdf5File file = Hdf5File::open(folder.path("protein.h5"));
  EXPECT_EQ(file.root().text("polymer"), "protein");
  EXPECT_EQ(file.root().integer("version"), kDatasetVersion);
  EXPECT_FALSE(file.root().open_group("residues").has("partner"));
  for (const SchemaColumn& column : dataset_columns(Polymer::kProtein)) {
    const Hdf5Dataset dataset = file.root().open_group(column.group).open_dataset(column.name);
    EXPECT_EQ(dataset.text("description"), column.description) << column.path();
    EXPECT_EQ(dataset.text("unit"), column.unit) << column.path();
  }
  // A dataset of RNA has no attribute, and earlier programs read it.
  const Hdf5File old = Hdf5File::open(folder.path("rna.h5"));
  EXPECT_FALSE(old.root().has_attribute("polymer"));
  EXPECT_EQ(old.root().integer("version"), 3);
  EXPECT_EQ(DatasetReader(folder.path("rna.h5")).polymer(), Polymer::kRna);
}

TEST_F(ProteinDataset, RowsHoldFramesPsiAndAtomsOfTheFile) {
  convert(make_files(), Polymer::kProtein, "protein.h5");
  const DatasetReader reader(folder.path("protein.h5"));
  EXPECT_EQ(reader.polymer(), Polymer::kProtein);
  ASSERT_EQ(reader.chains().size(), 2u);
  const ChainRecord& record = reader.chains()[0];
  EXPECT_EQ(record.id, "1ABC_1_A");
  EXPECT_EQ(record.molecule_kind, "protein");
  EXPECT_EQ(record.length, 10);
  EXPECT_EQ(record.n_modified, 1);
  const ChainFeatures features = reader.read_chain(0);
  EXPECT_EQ(features.polymer, Polymer::kProtein);
  ASSERT_EQ(features.atom_positions.size(), 10u * 5 * 3);
  ASSERT_EQ(features.torsion_sin_cos.size(), 10u * 2);
  EXPECT_TRUE(features.partner.empty());
  EXPECT_TRUE(features.chi_sin_cos.empty());
  EXPECT_EQ(parent_sequences(reader)[0], "MKTAYIAKQR");
  EXPECT_EQ(parent_sequences(reader)[1], "GGSCVX");
  const std::vector<ProteinResidue> made = made_protein("1ABC").chains[0].residues;
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(features.residue_index[i], static_cast<int>(i));
    EXPECT_EQ(features.torsion_mask[i], 1);
    EXPECT_NEAR(features.torsion_sin_cos[2 * i], std::sin(-47.0 * M_PI / 180), 2e-3);
    EXPECT_NEAR(features.torsion_sin_cos[2 * i + 1], std::cos(-47.0 * M_PI / 180), 2e-3);
    const RigidTransform frame = frame_of(made[i]);
    for (int row = 0; row < 3; ++row) {
      EXPECT_NEAR(features.frame_translation[3 * i + static_cast<std::size_t>(row)], made[i].atom(kCA)[row], 1e-3);
      for (int column = 0; column < 3; ++column) {
        EXPECT_NEAR(features.frame_rotation[9 * i + static_cast<std::size_t>(3 * row + column)],
                    frame.rotation(row, column), 2e-3);
      }
    }
  }
  const ChainRows rows = reader.read_rows(1);
  EXPECT_THAT(rows.residue_name, ElementsAre("GLY", "GLY", "SER", "CYS", "VAL", "UNK"));
  const ProteinStructure structure = protein_structure_of(reader.chains()[1], rows);
  ASSERT_EQ(structure.chains.size(), 1u);
  EXPECT_EQ(structure.chains[0].sequence(), "GGSCVX");
  EXPECT_FALSE(structure.chains[0].residues[0].has(kCB));
}

TEST_F(ProteinDataset, DamageIsFoundBeforeItIsUsed) {
  const std::string path = folder.path("protein.h5");
  const auto change = [&](const std::function<void(hid_t)>& how) {
    convert_structures({make_files()}, path, {.polymer = Polymer::kProtein, .overwrite = true});
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    how(file);
    H5Fclose(file);
  };
  const auto set_version = [](hid_t file, std::int64_t value) {
    const hid_t version = H5Aopen(file, "version", H5P_DEFAULT);
    H5Awrite(version, H5T_NATIVE_INT64, &value);
    H5Aclose(version);
  };
  // Earlier versions know RNA only; their missing columns would be computed from atoms that are not there.
  for (const std::int64_t version : {1, 2, 3}) {
    change([&](hid_t file) { set_version(file, version); });
    EXPECT_THAT(message_of([&] { DatasetReader{path}; }),
                HasSubstr("damaged: a dataset of proteins of version " + std::to_string(version)));
  }
  change([](hid_t file) { H5Adelete(file, "polymer"); });
  EXPECT_THAT(message_of([&] { DatasetReader{path}; }), HasSubstr("nucleotide"));
  change([](hid_t file) { overwrite_first<std::uint8_t>(file, "/residues/amino_acid", H5T_NATIVE_UINT8, 21); });
  EXPECT_THAT(message_of([&] { DatasetReader(path).read_chain(0); }), HasSubstr("amino_acid is not in 0..20"));
  change([](hid_t file) { overwrite_first<std::uint32_t>(file, "/residues/atom_mask", H5T_NATIVE_UINT32, 32); });
  EXPECT_THAT(message_of([&] { DatasetReader(path).read_chain(0); }), HasSubstr("bits beyond the last slot"));
}

TEST_F(ProteinDataset, AnAssemblyIsOneEntry) {
  convert(make_files(), Polymer::kProtein, "assembly.h5", EntryUnit::kAssembly);
  const DatasetReader reader(folder.path("assembly.h5"));
  ASSERT_EQ(reader.chains().size(), 1u);
  EXPECT_EQ(reader.chains()[0].chain_ids, "A,B");
  const ChainFeatures features = reader.read_chain(0);
  EXPECT_EQ(features.residue_index[10], 9 + 201);
  EXPECT_EQ(features.chain_in_structure[10], 1);
}

TEST_F(ProteinDataset, RewritingAndMergingKeepThePolymer) {
  convert(make_files(), Polymer::kProtein, "a.h5");
  folder.write("more/3abc.cif", to_mmcif(made_protein("3ABC")));
  ProteinStructure other = made_protein("4ABC");
  other.chains.pop_back();
  other.chains[0] = synthetic_peptide("A", "WWWWWWWW", -120.0, 130.0);
  folder.write("more/4abc.cif", to_mmcif(other));
  convert(folder.path("more"), Polymer::kProtein, "b.h5");
  const MergeResult merged = merge_datasets({folder.path("a.h5"), folder.path("b.h5")}, folder.path("all.h5"), false);
  EXPECT_EQ(merged.chains, 3u);
  EXPECT_EQ(merged.duplicates, 2u);  // 3ABC is 1ABC
  EXPECT_FALSE(merged.recomputed_pairs);
  const DatasetReader all(folder.path("all.h5"));
  EXPECT_EQ(all.polymer(), Polymer::kProtein);
  std::vector<ChainRecord> records = all.chains();
  for (ChainRecord& record : records) record.split = "train";
  rewrite_dataset(all, records, all.options(), folder.path("split.h5"), false);
  const DatasetReader split(folder.path("split.h5"));
  EXPECT_EQ(split.polymer(), Polymer::kProtein);
  EXPECT_EQ(split.chains()[2].split, "train");
  EXPECT_EQ(split.read_chain(2).atom_positions, DatasetReader(folder.path("b.h5")).read_chain(2).atom_positions);
}

TEST_F(ProteinDataset, PolymersDoNotMix) {
  const std::string input = make_files();
  convert(input, Polymer::kProtein, "protein.h5");
  convert(input, Polymer::kRna, "rna.h5");
  const std::string protein = folder.path("protein.h5"), rna = folder.path("rna.h5");
  EXPECT_EQ(
      message_of([&] { DatasetReader(protein).require(Polymer::kRna, "flashrna train"); }),
      protein + ": a dataset of proteins, flashrna train needs one of RNA; flashrna convert --polymer rna makes one");
  EXPECT_EQ(message_of([&] { DatasetReader(rna).require(Polymer::kProtein, "this run"); }),
            rna + ": a dataset of RNA, this run needs one of proteins; flashrna convert --polymer protein makes one");
  DatasetReader(rna).require(Polymer::kRna, "flashrna train");
  EXPECT_EQ(message_of([&] {
              merge_datasets({rna, protein}, folder.path("both.h5"), false);
            }),
            protein + " is a dataset of proteins, " + rna + " of RNA; merge datasets of one polymer");
  EXPECT_THAT(message_of([&] { convert(folder.path("in/1abc.cif"), Polymer::kRna, "none.h5"); }),
              HasSubstr("no RNA chain found in 1 file"));
  EXPECT_THAT(message_of([&] { convert(folder.path("in/2abc.cif"), Polymer::kProtein, "none.h5"); }),
              HasSubstr("no protein chain found in 1 file, nothing is written; rejected: RNA (2)"));
  DatasetWriter writer(folder.path("mixed.h5"), {}, false);
  const DatasetReader reader(protein);
  EXPECT_THAT(message_of([&] { writer.append(reader.chains()[0], reader.read_rows(0)); }),
              HasSubstr("chain 1ABC_1_A is of proteins, the dataset of RNA"));
}

}  // namespace
}  // namespace flashrna
