#include "datasets/cluster_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ChainRecord chain(const std::string& entry, const std::string& chains, int model = 1) {
  ChainRecord record;
  record.entry = entry;
  record.chain_ids = chains;
  record.model = model;
  return record;
}

class ClusterTableTest : public ::testing::Test {
 protected:
  ClusterTable read(const std::string& text) const { return ClusterTable::read(folder.write("clusters.csv", text)); }
  std::string refusal(const std::string& text) const {
    return message_of([&] { read(text); });
  }
  TemporaryFolder folder;
};

TEST_F(ClusterTableTest, TheMostPreciseNameDecides) {
  const ClusterTable table = read("1ehz,7\n1EHZ_a,8\n1EHZ_2_a,9\nmy_model,10\n");
  EXPECT_EQ(table.cluster_of(chain("1EHZ", "A")), 7) << "the case of a chain counts";
  EXPECT_EQ(table.cluster_of(chain("1EHZ", "a")), 8);
  EXPECT_EQ(table.cluster_of(chain("1EHZ", "a", 2)), 9);
  EXPECT_EQ(table.cluster_of(chain("my_model", "A")), 10);
  EXPECT_EQ(table.cluster_of(chain("MY_MODEL", "A")), -1) << "only PDB ids are the same in either case";
  EXPECT_EQ(table.cluster_of(chain("1EHZ", "X,a")), 8) << "an assembly is in the cluster of its first chain with one";
}

TEST_F(ClusterTableTest, AnAssemblyIsInTheClustersOfAllItsChains) {
  const ClusterTable table = read("1ABC_1_A,3\n1ABC_B,5\n1ABC_2_B,6\n2ABC,7\n");
  EXPECT_THAT(table.clusters_of(chain("1ABC", "A,X,B")), ElementsAre(3, 5));
  EXPECT_THAT(table.clusters_of(chain("1ABC", "A,B", 2)), ElementsAre(6)) << "chain A of model 2 is not listed";
  EXPECT_THAT(table.clusters_of(chain("2ABC", "A,B")), ElementsAre(7));
  EXPECT_THAT(table.clusters_of(chain("3ABC", "A,B")), IsEmpty());
}

TEST(JoinClusters, ARecordConnectsItsClusters) {
  EXPECT_THAT(join_clusters({{4}, {7, 4}, {}, {2000000000, 7}, {2}}), ElementsAre(4, 4, -1, 4, 2));
}

TEST_F(ClusterTableTest, CommasTabsAndBlanksSeparateAndAHeaderIsLeftOut) {
  for (const char* text :
       {"pdb_id,cluster\n1ABC,4AOB\n2ABC,4AOB\n3ABC,1XYZ\n", "1ABC\t4AOB\r\n2ABC\t4AOB\r\n3ABC\t1XYZ\r\n",
        "# comment\nid Cluster_id\n\n1abc 4AOB\n2abc   4AOB\n3abc 1XYZ"}) {
    const ClusterTable table = read(text);
    EXPECT_EQ(table.size(), 3u);
    EXPECT_EQ(table.cluster_of(chain("1ABC", "A")), 0);
    EXPECT_EQ(table.cluster_of(chain("2ABC", "A")), 0);
    EXPECT_EQ(table.cluster_of(chain("3ABC", "A")), 1);
  }
}

TEST_F(ClusterTableTest, AllNamesOfAnEntryAreOne) {
  const ClusterTable table = read(
      "\xEF\xBB\xBF"
      "1ABC,7\npdb_00002abc_A,8\n");
  EXPECT_EQ(table.cluster_of(chain("1ABC", "A")), 7) << "behind a byte order mark";
  EXPECT_EQ(table.cluster_of(chain("2ABC", "A")), 8);
}

TEST_F(ClusterTableTest, WhatIsNoTableIsNamedWithItsLine) {
  EXPECT_THAT(refusal("1ABC,1\n2ABC,1,2\n"), AllOf(HasSubstr("clusters.csv:2"), HasSubstr("3 columns")));
  EXPECT_THAT(refusal("1ABC,1\n1abc,2\n"), AllOf(HasSubstr("clusters.csv:2"), HasSubstr("1ABC is in cluster 2")));
  EXPECT_THAT(refusal("id,cluster\n"), HasSubstr("no cluster in it"));
  EXPECT_THAT(message_of([&] { ClusterTable::read(folder.path("none.csv")); }), HasSubstr("none.csv: cannot open"));
}

}  // namespace
}  // namespace flashrna
