#include "datasets/dataset_rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "datasets/chain_rows.h"
#include "datasets/cluster_table.h"
#include "datasets/conversion.h"
#include "datasets/dataset_writer.h"
#include "datasets/unique_chains.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/pairs/dot_bracket.h"
#include "tests/datasets/example_structures.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DatasetRewriteTest : public ::testing::Test {
 protected:
  // Entries of one chain each, with increasing lengths from `first`.
  std::string make_dataset(const std::string& name, int first, int count, const ConversionOptions& options = {}) const {
    std::vector<std::string> files;
    for (int i = first; i < first + count; ++i) {
      const std::string entry = fmt::format("{}ABC", i % 10);
      files.push_back(folder.write(fmt::format("{}/{:03}.cif", name, i), to_mmcif(example_structure(entry, {20 + i}))));
    }
    convert_structures(files, folder.path(name + ".h5"), options);
    return folder.path(name + ".h5");
  }
  std::string path(const std::string& name) const { return folder.path(name); }
  TemporaryFolder folder;
};

void expect_same_chains(const DatasetReader& got, const DatasetReader& expected) {
  ASSERT_EQ(got.chains().size(), expected.chains().size());
  for (std::size_t i = 0; i < expected.chains().size(); ++i) {
    EXPECT_EQ(got.chains()[i].id, expected.chains()[i].id);
    EXPECT_EQ(got.chains()[i].source_sha256, expected.chains()[i].source_sha256);
    const ChainRows a = got.read_rows(i), b = expected.read_rows(i);
    EXPECT_EQ(a.residue_name, b.residue_name);
    EXPECT_EQ(a.atom_positions, b.atom_positions);
    EXPECT_EQ(a.torsion_sin_cos, b.torsion_sin_cos);
    EXPECT_EQ(a.insertion_code, b.insertion_code);
    EXPECT_EQ(a.b_factor, b.b_factor);
  }
}

TEST_F(DatasetRewriteTest, MergedPartsAreTheWholeConvertedAtOnce) {
  const std::string first = make_dataset("a", 0, 13);
  const std::string second = make_dataset("b", 13, 9);
  std::vector<std::string> all;
  for (const char* part : {"a", "b"}) {
    for (const auto& entry : std::filesystem::directory_iterator(path(part))) all.push_back(entry.path().string());
  }
  std::sort(all.begin(), all.end());
  convert_structures(all, path("whole.h5"));
  const MergeResult result = merge_datasets({first, second}, path("merged.h5"), false);
  EXPECT_EQ(result.chains, 22u);
  const DatasetReader merged(path("merged.h5"));
  expect_same_chains(merged, DatasetReader(path("whole.h5")));
  EXPECT_EQ(merged.chains()[21].id, "1ABC_1_A.3") << "names are made unique again";
  EXPECT_EQ(merged.options(), "model=1 unit=chain");
}

TEST_F(DatasetRewriteTest, AChainThatIsInTwoPartsIsStoredOnce) {
  const std::string first = make_dataset("a", 0, 5);
  const std::string second = make_dataset("b", 3, 5);
  const MergeResult result = merge_datasets({first, second}, path("merged.h5"), false);
  EXPECT_EQ(result.chains, 8u);
  EXPECT_EQ(result.duplicates, 2u);
  const auto rejected = DatasetReader(path("merged.h5")).read_rejected();
  ASSERT_EQ(rejected.size(), 2u);
  EXPECT_EQ(rejected[0].reason, kDuplicate);
  EXPECT_THAT(rejected[0].detail, HasSubstr("3ABC_1_A"));
}

TEST_F(DatasetRewriteTest, ClustersStayOnlyIfOneTableMadeThem) {
  const ClusterTable table = ClusterTable::read(folder.write("table.csv", "0ABC,5\n1ABC,6\n2ABC,5\n3ABC,7\n"));
  ConversionOptions options;
  options.clusters = &table;
  const std::string first = make_dataset("a", 0, 2, options);
  const std::string second = make_dataset("b", 2, 2, options);
  const std::string third = make_dataset("c", 4, 1);
  EXPECT_FALSE(merge_datasets({first, second}, path("same.h5"), false).dropped_clusters);
  const DatasetReader same(path("same.h5"));
  EXPECT_EQ(same.chains()[2].sequence_cluster, 5);
  EXPECT_EQ(option_value(same.options(), "clusters"), table.fingerprint());
  EXPECT_TRUE(merge_datasets({first, third}, path("other.h5"), false).dropped_clusters);
  const DatasetReader other(path("other.h5"));
  EXPECT_EQ(other.chains()[0].sequence_cluster, -1);
  EXPECT_EQ(option_value(other.options(), "clusters"), "");
}

TEST_F(DatasetRewriteTest, ChainsAndAssembliesAreNotMixed) {
  const std::string first = make_dataset("a", 0, 2);
  ConversionOptions options;
  options.unit = EntryUnit::kAssembly;
  const std::string second = make_dataset("b", 2, 2, options);
  EXPECT_THAT(message_of([&] {
                merge_datasets({first, second}, path("out.h5"), false);
              }),
              AllOf(HasSubstr("b.h5"), HasSubstr("--unit")));
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

TEST_F(DatasetRewriteTest, ADatasetCanReplaceItself) {
  const std::string file = make_dataset("a", 0, 4);
  convert_structures({path("a")}, path("copy.h5"));
  {
    const DatasetReader reader(file);
    std::vector<ChainRecord> records = reader.chains();
    for (ChainRecord& record : records) record.split = "train";
    EXPECT_TRUE(rewrite_dataset(reader, records, with_option(reader.options(), "split_seed", "1"), file, true));
  }
  const DatasetReader reader(file);
  expect_same_chains(reader, DatasetReader(path("copy.h5")));
  EXPECT_EQ(reader.chains()[3].split, "train");
  EXPECT_EQ(reader.options(), "model=1 unit=chain split_seed=1");
}

TEST_F(DatasetRewriteTest, AStoppedMergeLeavesNothing) {
  const std::string first = make_dataset("a", 0, 4);
  Watch calls;
  calls.stop = [] { return true; };
  EXPECT_TRUE(merge_datasets({first}, path("out.h5"), false, calls).stopped);
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

// An assembly is read back from the file as its original chains.
TEST_F(DatasetRewriteTest, AStoredAssemblyIsItsChainsAgain) {
  Structure structure = example_structure("1ABC", {12, 5});
  structure.chains[0].nucleotides[3].name = "PSU";
  structure.chains[0].nucleotides[4].insertion_code = 'B';
  const std::string file = folder.write("1abc.cif", to_mmcif(structure));
  ConversionOptions options;
  options.unit = EntryUnit::kAssembly;
  convert_structures({file}, path("out.h5"), options);
  const DatasetReader reader(path("out.h5"));
  const Structure stored = structure_of(reader.chains()[0], reader.read_rows(0));
  const Structure again = read_structure_from_memory(to_mmcif(stored), "again.cif");
  EXPECT_EQ(again.entry, "1ABC");
  EXPECT_EQ(again.method, "X-RAY DIFFRACTION");
  EXPECT_NEAR(again.resolution, 1.93, 1e-6);
  ASSERT_EQ(again.chains.size(), 2u);
  for (std::size_t c = 0; c < 2; ++c) {
    ASSERT_EQ(again.chains[c].nucleotides.size(), structure.chains[c].nucleotides.size());
    EXPECT_EQ(again.chains[c].id, structure.chains[c].id);
    for (std::size_t i = 0; i < again.chains[c].nucleotides.size(); ++i) {
      const Nucleotide& got = again.chains[c].nucleotides[i];
      const Nucleotide& expected = structure.chains[c].nucleotides[i];
      EXPECT_EQ(got.name, expected.name);
      EXPECT_EQ(got.insertion_code, expected.insertion_code);
      EXPECT_EQ(got.atom_mask, expected.atom_mask);
      for (int s = 0; s < kAtomSlots; ++s) EXPECT_LE((got.atoms[s] - expected.atoms[s]).norm(), 1e-3);
    }
  }
}

// Pairs of another rule: none at all, in a hairpin that has seven.
TEST_F(DatasetRewriteTest, PairsAndTheirRuleAreKeptUnlessRulesDiffer) {
  const auto write = [&](const std::string& name, const std::string& rule) {
    const Chain chain = paired_hairpin(name).chains[0];
    ChainRecord record;
    record.id = record.entry = name;
    record.length = 30;
    ChainRows rows = chain_rows(chain);
    rows.partner.assign(30, kUnpaired);
    DatasetWriter writer(path(name + ".h5"), {"", "", rule}, false);
    writer.append(record, rows);
    writer.finish();
    return path(name + ".h5");
  };
  const std::string other = write("other", "seen by eye"), two_atoms = write("atoms", kTwoAtomPairRule);
  const DatasetReader reader(other);
  ASSERT_TRUE(rewrite_dataset(reader, reader.chains(), "", path("copy.h5"), false));
  EXPECT_EQ(DatasetReader(path("copy.h5")).pair_rule(), "seen by eye");
  EXPECT_EQ(DatasetReader(path("copy.h5")).read_chain(0).partner, std::vector<std::int32_t>(30, kUnpaired));

  EXPECT_FALSE(merge_datasets({other, path("copy.h5")}, path("same.h5"), false).recomputed_pairs);
  EXPECT_EQ(DatasetReader(path("same.h5")).pair_rule(), "seen by eye");
  EXPECT_EQ(DatasetReader(path("same.h5")).read_chain(0).partner, std::vector<std::int32_t>(30, kUnpaired));

  EXPECT_TRUE(merge_datasets({other, two_atoms}, path("mixed.h5"), false).recomputed_pairs);
  EXPECT_EQ(DatasetReader(path("mixed.h5")).pair_rule(), kWholeBasePairRule);
  EXPECT_EQ(DatasetReader(path("mixed.h5")).read_chain(0).partner, parse_dot_bracket(kPairedHairpin, "test").partner);
}

TEST(DatasetOptions, AreSetReplacedAndRemovedByKey) {
  EXPECT_EQ(with_option("model=1 unit=chain", "clusters", "abc"), "model=1 unit=chain clusters=abc");
  EXPECT_EQ(with_option("model=1 unit=chain", "model", "2"), "model=2 unit=chain");
  EXPECT_EQ(with_option("model=1 unit=chain", "model", ""), "unit=chain");
  EXPECT_EQ(option_value("model=1 unit=chain", "unit"), "chain");
  EXPECT_EQ(option_value("model=1 unit=chain", "uni"), "");
}

}  // namespace
}  // namespace flashrna
