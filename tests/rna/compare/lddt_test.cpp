#include "rna/compare/lddt.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/rna/random_points.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

std::vector<Nucleotide> shaken(std::vector<Nucleotide> nucleotides, double by, std::uint64_t seed) {
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const std::vector<Vec3> shifts = random_points(kAtomSlots, by, seed + i);
    for (std::size_t slot = 0; slot < shifts.size(); ++slot) nucleotides[i].atoms[slot] += shifts[slot];
  }
  return nucleotides;
}

// The definition over all pairs of atoms.
double lddt_by_definition(const std::vector<Nucleotide>& model, const std::vector<Nucleotide>& reference) {
  double kept = 0.0, pairs = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    for (std::size_t j = 0; j < reference.size(); ++j) {
      if (i == j) continue;
      for (int a = 0; a < kBackboneAtoms; ++a) {
        for (int b = 0; b < kBackboneAtoms; ++b) {
          if (!reference[i].has(a) || !reference[j].has(b)) continue;
          const double distance = (reference[i].atoms[a] - reference[j].atoms[b]).norm();
          if (distance > 15.0) continue;
          for (const double threshold : {0.5, 1.0, 2.0, 4.0}) {
            pairs += 1.0;
            if (!model[i].has(a) || !model[j].has(b)) continue;
            kept += std::abs((model[i].atoms[a] - model[j].atoms[b]).norm() - distance) < threshold;
          }
        }
      }
    }
  }
  return kept / pairs;
}

TEST(Lddt, TheCellListFindsWhatAllPairsFind) {
  std::vector<Nucleotide> reference = synthetic_chain("A", "GACUNGACUNGACUNGACUN").nucleotides;
  for (const double by : {0.1, 0.5, 2.0, 10.0}) {
    std::vector<Nucleotide> model = shaken(reference, by, 1);
    model[4].atom_mask &= ~(1u << kP);
    reference[7].atom_mask &= ~(1u << kC1);
    EXPECT_NEAR(lddt(model, reference).value, lddt_by_definition(model, reference), 1e-12) << by;
  }
}

TEST(Lddt, AMovedCopyKeepsEverythingAndAMirrorImageToo) {
  const std::vector<Nucleotide> reference = synthetic_chain("A", "GACUGACU").nucleotides;
  std::vector<Nucleotide> model = reference;
  const RigidTransform motion = random_motion(2);
  for (Nucleotide& nucleotide : model) {
    for (Vec3& atom : nucleotide.atoms) {
      atom = motion * atom;
      atom.x() = -atom.x();
    }
  }
  const Lddt score = lddt(model, reference);
  EXPECT_EQ(score.value, 1.0);
  EXPECT_EQ(score.by_residue, std::vector<double>(8, 1.0));
}

// Two atoms 10 Å apart in the reference; the distance in the model is larger by the given amount.
TEST(Lddt, ThresholdsCountAQuarterEach) {
  const auto pair_at = [](double distance) {
    std::vector<Nucleotide> two(2);
    two[0].set(kC4, Vec3::Zero());
    two[1].set(kC4, Vec3(distance, 0.0, 0.0));
    return two;
  };
  for (const auto& [further, expected] :
       {std::pair{0.4, 1.0}, {0.6, 0.75}, {1.5, 0.5}, {3.0, 0.25}, {4.0, 0.0}, {-3.0, 0.25}}) {
    EXPECT_EQ(lddt(pair_at(10.0 + further), pair_at(10.0)).value, expected) << further;
  }
  EXPECT_EQ(lddt(pair_at(11.0), pair_at(15.0)).value, 0.0);
  EXPECT_TRUE(std::isnan(lddt(pair_at(15.1), pair_at(15.1)).value)) << "no pair within 15 Å";
}

TEST(Lddt, AtomsThatTheModelLacksAreNotKept) {
  const std::vector<Nucleotide> reference = synthetic_chain("A", "GACU").nucleotides;
  std::vector<Nucleotide> model = reference;
  model[2].atom_mask = 0;
  const Lddt score = lddt(model, reference);
  EXPECT_EQ(score.by_residue[2], 0.0);
  EXPECT_LT(score.value, 1.0);
  EXPECT_GT(score.value, 0.0);
}

TEST(Lddt, DifferentNumbersOfResiduesAreRefused) {
  const std::vector<Nucleotide> three(3), four(4);
  EXPECT_THROW(lddt(three, four), Error);
  EXPECT_TRUE(std::isnan(lddt({}, {}).value));
}

}  // namespace
}  // namespace flashrna
