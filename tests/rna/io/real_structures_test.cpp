// Reads real structures, and the small ones that every clone has, and computes their geometry.
// tests/datasets/expected_chains_test.cpp tests the counts of chains.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "rna/frame.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/torsion.h"
#include "tests/rna/modified_names.h"
#include "tests/support/golden_file.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

TEST(RealStructures, PhenylalanineTrnaHasAllItsNucleotides) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  const Structure structure = read_structure(path);
  ASSERT_EQ(structure.chains.size(), 1u);
  const Chain& chain = structure.chains[0];
  EXPECT_EQ(structure.entry, "1EHZ");
  EXPECT_EQ(structure.method, "X-RAY DIFFRACTION");
  EXPECT_NEAR(structure.resolution, 1.93, 1e-9);
  EXPECT_EQ(chain.id, "A");
  EXPECT_EQ(chain.sequence(), "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA");
  EXPECT_EQ(modified_names(chain), "1MA 2MG 5MC 5MU 7MG H2U M2G OMC OMG PSU YYG");
  EXPECT_EQ(chain.n_modified, 14);
  EXPECT_EQ(chain.n_breaks(), 0);
  EXPECT_EQ(chain.nucleotides.back().residue_index, 75);
  for (const Nucleotide& nucleotide : chain.nucleotides) {
    EXPECT_TRUE(nucleotide.has(kGlycosidicNitrogen)) << nucleotide.name << nucleotide.seq_id;
    EXPECT_LE((nucleotide.atoms[kGlycosidicNitrogen] - nucleotide.atoms[kC1]).norm(), 1.8);
  }
}

// What tests/data/structures/make_structures.py writes.
TEST(SmallStructures, AStrandHasAllItsNucleotides) {
  const Structure structure = read_structure(small_structure("strand.cif.gz"));
  ASSERT_EQ(structure.chains.size(), 1u);
  const Chain& chain = structure.chains[0];
  EXPECT_EQ(structure.entry, "0STR");
  EXPECT_EQ(structure.method, "X-RAY DIFFRACTION");
  EXPECT_NEAR(structure.resolution, 2.25, 1e-9);
  EXPECT_EQ(structure.release_date, "2026-01-15");
  EXPECT_EQ(chain.id, "A");
  ASSERT_EQ(chain.sequence(), "GGACUUCGGUCCAGCUUGGACUUCG");
  EXPECT_EQ(modified_names(chain), "");
  EXPECT_EQ(chain.n_breaks(), 0);
  for (int i = 0; i < 25; ++i) {
    const Nucleotide& nucleotide = chain.nucleotides[i];
    EXPECT_EQ(nucleotide.seq_id, 101 + i);
    EXPECT_EQ(nucleotide.residue_index, i);
    ASSERT_TRUE(nucleotide.has(kGlycosidicNitrogen)) << i;
    // Coordinates rounded to 0.001 Å.
    EXPECT_NEAR((nucleotide.atoms[kGlycosidicNitrogen] - nucleotide.atoms[kC1]).norm(), 1.47, 0.002) << i;
  }
}

// Frames and torsions computed from the files equal the published ones, so reading and geometry agree with an
// independent reader.
TEST(RealStructures, FramesAndTorsionsReadFromFilesAreThePublishedOnes) {
  const GoldenFile golden(std::string(FLASHRNA_TEST_DATA) + "/golden/geometry.h5");
  int n_chains = 0;
  double worst = 0.0;
  for (const std::string& name : golden.children("chains")) {
    const std::string group = "chains/" + name;
    const std::string path = shared_path("structures/" + golden.text_attribute(group, "file"));
    if (path.empty()) continue;
    SCOPED_TRACE(name);
    const Structure structure = read_structure(path);
    const std::string id = golden.text_attribute(group, "chain");
    const auto chain = std::find_if(structure.chains.begin(), structure.chains.end(),
                                    [&](const Chain& candidate) { return candidate.id == id; });
    ASSERT_NE(chain, structure.chains.end());
    const std::vector<double> rotations = golden.read(group + "/outputs/rotmats");
    const std::vector<double> origins = golden.read(group + "/outputs/trans");
    const std::vector<double> torsions = golden.read(group + "/outputs/torsions_sin_cos");
    const std::vector<std::string> names = golden.read_strings(group + "/inputs/residue_names");
    ASSERT_EQ(chain->nucleotides.size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Nucleotide& nucleotide = chain->nucleotides[i];
      EXPECT_EQ(nucleotide.name, names[i]);
      const RigidTransform frame = frame_of(nucleotide);
      for (int row = 0; row < 3; ++row) {
        const std::size_t at = 3 * i + static_cast<std::size_t>(row);
        worst = std::max(worst, std::abs(frame.translation[row] - origins[at]));
        for (int column = 0; column < 3; ++column) {
          worst = std::max(
              worst, std::abs(frame.rotation(row, column) - rotations[3 * at + static_cast<std::size_t>(column)]));
        }
      }
      const Torsions got = torsions_of(nucleotide);
      for (std::size_t k = 0; k < kTorsions; ++k) {
        if ((got.mask >> k & 1) == 0 || (k == 2 && nucleotide.name == "PSU")) continue;  // published with N1
        for (std::size_t part = 0; part < 2; ++part) {
          worst = std::max(worst, std::abs(got.sin_cos[k][part] - torsions[(i * 10 + k) * 2 + part]));
        }
      }
    }
    ++n_chains;
  }
  if (n_chains == 0) GTEST_SKIP() << "no shared data: structures/";
  std::cout << "  " << n_chains << " chains, largest error " << worst << "\n";
  EXPECT_LE(worst, 1e-6);
}

void expect_models(const std::string& path, int models, double least_distance) {
  const Structure first = read_structure(path);
  EXPECT_GE(first.n_models, models);
  for (int model = 2; model <= models; ++model) {
    const Structure other = read_structure(path, {.model = model});
    ASSERT_EQ(other.chains.size(), 1u);
    EXPECT_EQ(other.chains[0].sequence(), first.chains[0].sequence());
    const Vec3 moved = other.chains[0].nucleotides[5].atoms[kC4] - first.chains[0].nucleotides[5].atoms[kC4];
    EXPECT_GT(moved.norm(), least_distance);
  }
}

TEST(RealStructures, EveryModelOfAnNmrEnsembleIsReadable) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1tob.pdb");
  expect_models(path, 7, 0.01);
}

TEST(SmallStructures, EveryModelOfAnNmrEnsembleIsReadable) {
  expect_models(small_structure("models.pdb.gz"), 3, 9.99);  // moved by 10 Å each
}

// Writes as mmCIF and reads again.
void expect_same_after_writing(const std::string& path) {
  const Structure structure = read_structure(path);
  const Structure again = read_structure_from_memory(to_mmcif(structure), "again.cif");
  ASSERT_EQ(again.chains.size(), structure.chains.size());
  double worst = 0.0;
  for (std::size_t c = 0; c < structure.chains.size(); ++c) {
    EXPECT_EQ(again.chains[c].id, structure.chains[c].id);
    EXPECT_EQ(again.chains[c].sequence(), structure.chains[c].sequence());
    ASSERT_EQ(again.chains[c].nucleotides.size(), structure.chains[c].nucleotides.size());
    for (std::size_t i = 0; i < structure.chains[c].nucleotides.size(); ++i) {
      const Nucleotide& a = again.chains[c].nucleotides[i];
      const Nucleotide& b = structure.chains[c].nucleotides[i];
      ASSERT_EQ(a.atom_mask, b.atom_mask);
      EXPECT_EQ(a.residue_index, b.residue_index);
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        worst = std::max(worst, (a.atoms[slot] - b.atoms[slot]).cwiseAbs().maxCoeff());
      }
    }
  }
  std::cout << "  largest difference " << worst << " Å\n";
  EXPECT_LE(worst, 0.00051);
}

TEST(RealStructures, ARibosomeSurvivesWritingAndReading) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/large/4V5A_copy1_16S_23S_5S.cif.gz");
  expect_same_after_writing(path);
}

TEST(SmallStructures, SurviveWritingAndReading) {
  for (const char* file : {"duplex.pdb", "modified.cif", "hybrid.pdb", "gap.cif", "damaged.pdb"}) {
    SCOPED_TRACE(file);
    expect_same_after_writing(small_structure(file));
  }
}

}  // namespace
}  // namespace flashrna
