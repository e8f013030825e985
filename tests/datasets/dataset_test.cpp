// The dataset file: written data is read back and is self-describing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/utf8.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "datasets/dataset_summary.h"
#include "datasets/dataset_writer.h"
#include "datasets/hdf5/file.h"
#include "datasets/schema.h"
#include "rna/frame.h"
#include "rna/torsion.h"
#include "tests/datasets/stored_dataset.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

TEST_F(DatasetTest, ChainRecordsComeBackExactly) {
  const DatasetReader reader(make({5, 30, 1}));
  ASSERT_EQ(reader.chains().size(), 3u);
  const ChainRecord& record = reader.chains()[1];
  EXPECT_EQ(record.id, "1ABC_2_1");
  EXPECT_EQ(record.entry, "1ABC");
  EXPECT_EQ(record.model, 2);
  EXPECT_EQ(record.chain_ids, "A");
  EXPECT_EQ(record.molecule_kind, "RNA");
  EXPECT_EQ(record.length, 30);
  EXPECT_EQ(record.n_without_frame, 3);
  EXPECT_EQ(record.n_breaks, 1);
  EXPECT_EQ(record.n_modified, 1);
  EXPECT_EQ(record.resolution, 1.93f);
  EXPECT_EQ(record.method, "X-RAY DIFFRACTION");
  EXPECT_EQ(record.release_date, "2000-02-23");
  EXPECT_EQ(record.sequence_cluster, 7);
  EXPECT_EQ(record.structure_cluster, -1);
  EXPECT_EQ(record.split, "train");
  EXPECT_EQ(record.source_file, "pdbs/1abc.cif");
  EXPECT_EQ(record.source_sha256, std::string(64, 'a'));
  EXPECT_EQ(reader.residue_count(), 36u);
  EXPECT_EQ(reader.source(), "pdbs");
  EXPECT_EQ(reader.options(), "model=2");
  const std::vector<RejectedRecord> rejected = reader.read_rejected();
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].source, "pdbs/1xyz.pdb");
  EXPECT_EQ(rejected[0].chain, "B");
  EXPECT_EQ(rejected[0].reason, "protein");
  EXPECT_EQ(rejected[0].detail, "129 amino acids");
}

TEST_F(DatasetTest, NucleotidesComeBackToTheRoundingOfFloat) {
  // More residues than two chunks hold, so that chains cross chunk boundaries.
  const std::vector<int> lengths = {700, 900, 1, 1100};
  const DatasetReader reader(make(lengths));
  double worst = 0, largest = 0;
  for (std::size_t c = 0; c < lengths.size(); ++c) {
    const Chain chain = make_chain(lengths[c], static_cast<int>(c));
    const std::vector<Nucleotide> back = nucleotides_of(reader.read_rows(c));
    ASSERT_EQ(back.size(), chain.nucleotides.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      const Nucleotide& expected = chain.nucleotides[i];
      EXPECT_EQ(back[i].base, expected.base);
      EXPECT_EQ(back[i].name, expected.name);
      EXPECT_EQ(back[i].seq_id, expected.seq_id);
      EXPECT_EQ(back[i].insertion_code, expected.insertion_code);
      EXPECT_EQ(back[i].residue_index, expected.residue_index);
      EXPECT_EQ(back[i].chain_in_structure, expected.chain_in_structure);
      EXPECT_EQ(back[i].b_factor, expected.b_factor);
      EXPECT_EQ(back[i].atom_mask, expected.atom_mask);
      for (int s = 0; s < kAtomSlots; ++s) {
        worst = std::max(worst, (back[i].atoms[s] - expected.atoms[s]).cwiseAbs().maxCoeff());
        largest = std::max(largest, expected.atoms[s].cwiseAbs().maxCoeff());
      }
    }
  }
  // Rounding to float: 24 bits.
  EXPECT_LE(worst, largest / (1 << 24));
  std::printf("largest coordinate error: %.2e A of %.0f A\n", worst, largest);
}

TEST_F(DatasetTest, FeaturesAreThoseOfTheStructure) {
  const DatasetReader reader(make({40}));
  const Chain chain = make_chain(40, 0);
  const ChainFeatures features = reader.read_chain(0);
  double worst = 0;
  for (int i = 0; i < features.length; ++i) {
    const RigidTransform frame = frame_of(chain.nucleotides[i]);
    const Torsions torsions = torsions_of(chain.nucleotides[i]);
    EXPECT_EQ(features.torsion_mask[i], torsions.mask);
    for (int row = 0; row < 3; ++row) {
      const double scale = std::max(1.0, 2 * std::abs(frame.translation[row]));
      worst = std::max(worst, std::abs(features.frame_translation[i * 3 + row] - frame.translation[row]) / scale);
      for (int axis = 0; axis < 3; ++axis) {
        worst = std::max(worst, std::abs(features.frame_rotation[i * 9 + row * 3 + axis] - frame.rotation(row, axis)));
      }
    }
    for (int k = 0; k < kTorsions; ++k) {
      for (int part = 0; part < 2; ++part) {
        worst = std::max(
            worst, std::abs(features.torsion_sin_cos[(i * kTorsions + k) * 2 + part] - torsions.sin_cos[k][part]));
      }
    }
  }
  EXPECT_LE(worst, 6e-8);  // half a unit in the last place of a float in [0.5, 1)
  EXPECT_NE(features.torsion_mask[0], features.torsion_mask[39]) << "the last nucleotide has no phosphorus";
}

TEST_F(DatasetTest, EveryColumnStatesItsUnitAndMeaningAndHasTheTypeOfTheSchema) {
  const Hdf5File file = Hdf5File::open(make({5}));
  const Hdf5Group root = file.root();
  EXPECT_EQ(root.text("format"), "flashrna-dataset");
  EXPECT_EQ(root.integer("version"), 3);
  std::size_t columns = 0;
  for (const SchemaGroup& group : dataset_groups()) {
    EXPECT_EQ(root.open_group(group.name).text("description"), group.description);
    columns += root.open_group(group.name).names().size();
  }
  EXPECT_EQ(columns, dataset_columns().size());
  for (const SchemaColumn& column : dataset_columns()) {
    const Hdf5Dataset dataset = root.open_group(column.group).open_dataset(column.name);
    EXPECT_EQ(dataset.text("unit"), column.unit) << column.path();
    EXPECT_EQ(dataset.text("description"), column.description) << column.path();
    EXPECT_EQ(dataset.type(), column.type) << column.path();
  }
}

TEST_F(DatasetTest, ANucleotideThatCannotBeStoredIsNamed) {
  Chain chain = example_chain("Aa", 3);
  chain.nucleotides[1].insertion_code = 'B';
  chain.nucleotides[1].atoms[kO3].x() = std::nan("");
  EXPECT_THAT(message_of([&] { chain_rows(chain); }),
              HasSubstr("chain \"Aa\", residue A 2B: atom O3' has a coordinate"));
  chain = example_chain("Aa", 3);
  chain.nucleotides[2].name = std::string(17, 'X');
  EXPECT_THAT(message_of([&] { chain_rows(chain); }), HasSubstr("longer than 16 bytes"));
  chain = example_chain("Aa", 3);
  chain.nucleotides[0].atom_mask &= ~(1u << kO4);
  EXPECT_THAT(message_of([&] { chain_rows(chain); }), HasSubstr("C3', C4' or O4' is missing"));
}

TEST_F(DatasetTest, AChainLongerThanAnyRnaIsNotStored) {
  DatasetWriter writer(folder.path("long.h5"), {}, false);
  ChainRecord record;
  ChainRows rows;
  record.id = "long";
  record.length = rows.length = kLongestChain + 1;
  EXPECT_THAT(message_of([&] { writer.append(record, rows); }),
              HasSubstr("chain long: 1000001 residues, a dataset takes at most 1000000 in one chain"));
}

TEST_F(DatasetTest, AnIdIsStoredOnlyOnce) {
  const Chain chain = example_chain("A", 3);
  DatasetWriter writer(folder.path("twice.h5"), {}, false);
  writer.append(make_record("1ABC_1_A", chain), chain_rows(chain));
  EXPECT_THAT(message_of([&] { writer.append(make_record("1ABC_1_A", chain), chain_rows(chain)); }),
              HasSubstr("1ABC_1_A occurs twice"));
}

TEST_F(DatasetTest, AWriterThatDoesNotFinishLeavesNothing) {
  {
    DatasetWriter writer(folder.path("set.h5"), {}, false);
    const Chain chain = example_chain("A", 3);
    writer.append(make_record("1ABC_1_A", chain), chain_rows(chain));
    EXPECT_EQ(folder.count(), 1);
  }
  EXPECT_EQ(folder.count(), 0);
}

TEST(DatasetSummaryTest, HistogramCoversAllLengthsOnce) {
  EXPECT_TRUE(length_histogram({}).empty());
  int total = 0;
  const std::vector<LengthBin> bins = length_histogram({20, 31, 32, 76, 1504});
  EXPECT_EQ(bins.front().first, 16);
  EXPECT_EQ(bins.front().count, 2);
  EXPECT_EQ(bins.back().last, 2047);
  for (const LengthBin& bin : bins) total += bin.count;
  EXPECT_EQ(total, 5);
  const Spread spread = spread_of({3.0, 1.0, 2.0, 10.0});
  EXPECT_EQ(spread.lowest, 1.0);
  EXPECT_EQ(spread.median, 2.0);
  EXPECT_EQ(spread.highest, 10.0);
}

TEST(Utf8Test, BytesThatAreNotUtf8AreReplaced) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(to_valid_utf8("C4′ in Å, 𝛼"), "C4′ in Å, 𝛼");
  EXPECT_EQ(to_valid_utf8("K\xF6ln"), "K" + replacement + "ln");
  EXPECT_EQ(to_valid_utf8(std::string("a\0b", 3)), "a" + replacement + "b");
  EXPECT_EQ(to_valid_utf8("\xC0\x80"), replacement + replacement) << "overlong zero";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), replacement + replacement + replacement) << "surrogate";
  EXPECT_EQ(to_valid_utf8("x\xE2\x80"), "x" + replacement + replacement) << "cut short";
}

}  // namespace
}  // namespace flashrna
