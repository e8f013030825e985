#include "libfold/evaluation/structure_set.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "datasets/conversion.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

constexpr const char* kProtein =
    "ATOM      1  CA  ALA A   1      11.639   6.071  -5.147  1.00 20.00           C\n"
    "ATOM      2  CA  ALA A   2      14.639   6.071  -5.147  1.00 20.00           C\nTER\nEND\n";

std::vector<std::string> names_of(const StructureSet& set) {
  std::vector<std::string> names;
  for (const MeasuredStructure& structure : set.structures) names.push_back(structure.name);
  return names;
}

TEST(StructureSet, NamesWhatItLeavesOut) {
  const TemporaryFolder folder;
  folder.write("s/a.cif", to_mmcif(example_structure("a", {20})));
  folder.write("s/broken.cif", "data_x\nloop_\n_atom_site.id\n");
  folder.write("s/protein.pdb", kProtein);
  folder.write("s/short.cif", to_mmcif(example_structure("short", {2})));
  folder.write("s/notes.txt", "not a structure");
  const StructureSet set = read_structure_files({folder.path("s")}, {});
  EXPECT_EQ(names_of(set), std::vector<std::string>{"s/a.cif"});
  EXPECT_EQ(set.files, 4u);
  EXPECT_EQ(set.skipped_files, 1u);
  ASSERT_EQ(set.unreadable.size(), 1u);
  EXPECT_EQ(set.unreadable[0].name, "s/broken.cif");
  ASSERT_EQ(set.without_polymer.size(), 1u);
  EXPECT_EQ(set.without_polymer[0].name, "s/protein.pdb");
  EXPECT_THAT(set.without_polymer[0].reason, HasSubstr("protein"));
  ASSERT_EQ(set.too_short.size(), 1u);
  EXPECT_EQ(set.too_short[0].name, "s/short.cif");
  EXPECT_THAT(set.too_short[0].reason, HasSubstr("2 nucleotides with C3', C4' and O4'; at least 3"));
}

TEST(StructureSet, OfAPdbFileBesideAnMmcifFileOfItsNameTheLatterCounts) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"})
    folder.write(fmt::format("s/{}.pdb", name), to_pdb(example_structure(name, {20})));
  folder.write("s/a.cif", to_mmcif(example_structure("a", {20})));
  const StructureSet set = read_structure_files({folder.path("s")}, {});
  EXPECT_EQ(names_of(set), (std::vector<std::string>{"s/a.cif", "s/b.pdb"}));
  EXPECT_EQ(set.pdb_twins, 1u);
}

TEST(StructureSet, APdbFileThatIsNamedIsMeasuredWhateverLiesBesideIt) {
  const TemporaryFolder folder;
  folder.write("s/a.cif", to_mmcif(example_structure("a", {20})));
  const std::string pdb = folder.write("s/a.pdb", to_pdb(example_structure("a", {20})));
  const StructureSet set = read_structure_files({pdb}, {});
  EXPECT_EQ(names_of(set), std::vector<std::string>{"a.pdb"});
  EXPECT_EQ(set.pdb_twins, 0u);
  EXPECT_EQ(names_of(read_structure_files({folder.path("s"), pdb}, {})),
            (std::vector<std::string>{"s/a.cif", "s/a.pdb"}));
}

TEST(StructureSet, NothingToMeasureIsAnErrorThatSaysWhy) {
  const TemporaryFolder folder;
  folder.write("s/protein.pdb", kProtein);
  EXPECT_THAT(message_of([&] { read_structure_files({folder.path("s")}, {}); }),
              HasSubstr("no RNA structure to measure in 1 file: 0 unreadable, 1 without RNA, 0 shorter than 3 nt; the "
                        "first is s/protein.pdb"));
  EXPECT_THAT(message_of([&] { read_structure_files({folder.path("none")}, {}); }),
              HasSubstr("no such file or folder"));
}

TEST(StructureSet, ASampleIsAModelWithItsChainsOrAChain) {
  const TemporaryFolder folder;
  const std::vector<Structure> models = [] {
    std::vector<Structure> list(3, example_structure("m", {12}));
    for (int k = 0; k < 3; ++k) list[static_cast<std::size_t>(k)].model = k + 1;
    return list;
  }();
  folder.write("s/chains.cif", to_mmcif(example_structure("c", {10, 15})));
  folder.write("s/models.cif", models_to_mmcif(models));
  const StructureSet by_model = read_structure_files({folder.path("s")}, {.keep_backbones = true});
  EXPECT_EQ(names_of(by_model),
            (std::vector<std::string>{"s/chains.cif", "s/models.cif#1", "s/models.cif#2", "s/models.cif#3"}));
  EXPECT_EQ(by_model.structures[0].measures.residues, 25);
  EXPECT_EQ(by_model.structures[0].measures.links, 23) << "the join of two chains is no link";
  EXPECT_EQ(by_model.structures[0].measures.breaks, 0);
  const StructureSet by_chain = read_structure_files({folder.path("s")}, {.unit = StructureUnit::kChain});
  EXPECT_EQ(names_of(by_chain), (std::vector<std::string>{"s/chains.cif/A", "s/chains.cif/B", "s/models.cif"}));
}

TEST(StructureSet, ThreadsChangeNothingAndBackbonesAreThoseOfTheFile) {
  const TemporaryFolder folder;
  const Structure one = example_structure("s0", {20});
  for (int i = 0; i < 12; ++i) {
    folder.write(fmt::format("s/{:02}.cif", i), to_mmcif(example_structure(fmt::format("s{}", i), {20 + i})));
  }
  const StructureSet a = read_structure_files({folder.path("s")}, {.keep_backbones = true, .threads = 1});
  const StructureSet b = read_structure_files({folder.path("s")}, {.keep_backbones = true, .threads = 4});
  EXPECT_EQ(names_of(a), names_of(b));
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.eta_theta, b.eta_theta);
  const std::vector<Nucleotide> stored = a.structures[0].backbone.nucleotides();
  ASSERT_EQ(stored.size(), 20u);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const Nucleotide& expected = one.chains[0].nucleotides[i];
    for (int slot = 0; slot < kBackboneAtoms; ++slot) {
      ASSERT_EQ(stored[i].has(slot), expected.has(slot));
      ASSERT_LE((stored[i].atoms[slot] - expected.atoms[slot]).norm(), 1e-3) << "as written, to 3 decimals";
    }
  }
}

TEST(StructureSet, AMovedChainHasABreakAndTheLinkIsNotMeasured) {
  Structure structure = example_structure("b", {20});
  for (std::size_t i = 10; i < 20; ++i) {
    for (Vec3& atom : structure.chains[0].nucleotides[i].atoms) atom += Vec3(40.0, 0.0, 0.0);
  }
  const TemporaryFolder folder;
  const StructureSet set = read_structure_files({folder.write("b.cif", to_mmcif(structure))}, {});
  EXPECT_EQ(set.structures[0].measures.links, 19);
  EXPECT_EQ(set.structures[0].measures.breaks, 1);
  EXPECT_EQ(set.values[distributed_measure("O3'-P")].size(), 18u);
  EXPECT_EQ(set.values[distributed_measure("pucker_phase")].size(), 20u);
  EXPECT_DOUBLE_EQ(set.structures[0].measures.defects_per_100_residues(),
                   5.0 * static_cast<double>(1 + set.structures[0].measures.clashes.pairs +
                                             set.structures[0].measures.inverted_centers()));
}

TEST(Reference, IsADatasetOrStructuresByChainWithTheSameValues) {
  const TemporaryFolder folder;
  folder.write("s/a.cif", to_mmcif(example_structure("a", {20, 30})));
  folder.write("s/b.cif", to_mmcif(example_structure("b", {25})));
  convert_structures({folder.path("s")}, folder.path("r.h5"));
  const StructureSet from_files = read_reference(folder.path("s"), {});
  const StructureSet from_dataset = read_reference(folder.path("r.h5"), {});
  EXPECT_EQ(names_of(from_dataset), (std::vector<std::string>{"a_1_A", "a_1_B", "b_1_A"}));
  ASSERT_EQ(from_files.structures.size(), 3u);
  for (std::size_t k = 0; k < from_files.values.size(); ++k) {
    ASSERT_EQ(from_files.values[k].size(), from_dataset.values[k].size()) << distributed_measures()[k].name;
    if (distributed_measures()[k].kind != MeasureKind::kDistance) continue;
    for (std::size_t i = 0; i < from_files.values[k].size(); ++i) {
      ASSERT_NEAR(from_files.values[k][i], from_dataset.values[k][i], 1e-4) << "float32 coordinates up to some 200 Å";
    }
  }
}

TEST(Reference, AnotherKindOfFileIsNamed) {
  const TemporaryFolder folder;
  folder.write("s/a.cif", to_mmcif(example_structure("a", {20})));
  convert_structures({folder.path("s")}, folder.path("r.h5"));
  folder.write("notes.h5", "not HDF5 at all");
  folder.write("table.csv", "a,b\n");
  EXPECT_THAT(message_of([&] { read_reference(folder.path("notes.h5"), {}); }), HasSubstr("notes.h5"));
  EXPECT_THAT(message_of([&] { read_reference(folder.path("table.csv"), {}); }), HasSubstr("table.csv"));
  EXPECT_THAT(message_of([&] { read_reference(folder.path("none"), {}); }), HasSubstr("no such file"));
  EXPECT_THAT(message_of([&] { read_reference(folder.path("r.h5"), {.split = "train"}); }),
              HasSubstr("no chain has the split \"train\""));
  EXPECT_THAT(message_of([&] { read_reference(folder.path("s"), {.split = "train"}); }),
              HasSubstr("only datasets have splits"));
}

}  // namespace
}  // namespace flashrna
