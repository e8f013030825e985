#include "libfold/evaluation/native_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"
#include "tests/rna/random_points.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

Structure moved_structure(Structure structure, double stretch) {
  const RigidTransform motion = random_motion(3);
  for (Chain& chain : structure.chains) {
    for (Nucleotide& nucleotide : chain.nucleotides) {
      for (Vec3& atom : nucleotide.atoms) atom = 0.1 * (motion * (stretch * atom));
      for (Vec3& atom : nucleotide.atoms) atom *= 10.0;
    }
  }
  return structure;
}

TEST(NativeComparison, AMovedCopyIsTheNative) {
  const TemporaryFolder folder;
  const Structure native = example_structure("n", {30});
  folder.write("samples/one.cif", to_mmcif(moved_structure(native, 1.0)));
  folder.write("samples/two.cif", to_mmcif(moved_structure(native, 1.1)));
  folder.write("samples/short.cif", to_mmcif(example_structure("short", {20})));
  const StructureSet samples = read_structure_files({folder.path("samples")}, {.keep_backbones = true});
  const NativeStructures natives(folder.write("native.cif", to_mmcif(native)));
  const auto one = natives.compare(samples.structures[0]), two = natives.compare(samples.structures[2]);
  ASSERT_TRUE(one && two);
  EXPECT_NEAR(one->rmsd, 0.0, 2e-3) << "three decimals of both files";
  EXPECT_GT(one->lddt, 0.999);
  EXPECT_NEAR(one->tm_score, 1.0, 1e-5);
  EXPECT_GT(two->rmsd, 1.0);
  EXPECT_LT(two->lddt, 0.95);
  EXPECT_LT(two->tm_score, 0.9);
  EXPECT_FALSE(natives.compare(samples.structures[1])) << "of another length";
}

TEST(NativeComparison, NativesOfAFolderGoByName) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    const Structure structure = example_structure(name, {name[0] == 'a' ? 20 : 25});
    folder.write(fmt::format("samples/{}.pdb", name), to_pdb(structure));
    folder.write(fmt::format("natives/{}.cif", name), to_mmcif(structure));
  }
  folder.write("samples/c.cif", to_mmcif(example_structure("c", {20})));
  const StructureSet samples = read_structure_files({folder.path("samples")}, {.keep_backbones = true});
  const NativeStructures natives(folder.path("natives"));
  EXPECT_TRUE(natives.compare(samples.structures[0]));
  EXPECT_TRUE(natives.compare(samples.structures[1]));
  EXPECT_FALSE(natives.compare(samples.structures[2]));
  folder.write("natives/sub/a.pdb", to_pdb(example_structure("a", {20})));
  EXPECT_THAT(message_of([&] { NativeStructures twice(folder.path("natives")); }),
              HasSubstr("a second native structure"));
}

}  // namespace
}  // namespace flashrna
