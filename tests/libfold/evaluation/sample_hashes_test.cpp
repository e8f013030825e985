#include "libfold/evaluation/sample_hashes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/sha256.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

using Files = std::vector<std::string>;

TEST(SampleHashes, NameTheFilesThatChangedSinceTheyWereWritten) {
  const TemporaryFolder folder;
  folder.write("a.cif", "one");
  folder.write("b.cif", "two");
  folder.write("b.pdb", "three");
  folder.write("samples.csv", "name,file,sha256,pdb_file,pdb_sha256\na,a.cif," + sha256_hex("one") + ",a.pdb," +
                                  sha256_hex("missing") + "\nb,b.cif," + sha256_hex("two") + ",b.pdb," +
                                  sha256_hex("three") + "\n");
  const std::string whole = std::filesystem::path(folder.path("x")).parent_path();
  EXPECT_EQ(changed_samples({whole, whole + "/"}), Files{}) << "a.pdb is missing, which is no change";
  folder.write("b.pdb", "damaged");
  folder.write("c.cif", "not of the run");
  EXPECT_EQ(changed_samples({whole}), Files{folder.path("b.pdb")});
  EXPECT_EQ(changed_samples({folder.path("b.pdb"), folder.path("c.cif")}), Files{folder.path("b.pdb")});
  EXPECT_EQ(changed_samples({folder.path("a.cif")}), Files{}) << "only the files that are given count";
  folder.write("samples.csv", "name,score\na,1\n");
  EXPECT_EQ(changed_samples({whole}), Files{}) << "a table of another program";
}

}  // namespace
}  // namespace flashrna
