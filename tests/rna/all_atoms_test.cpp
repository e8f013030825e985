#include "rna/all_atoms.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/median.h"
#include "rna/backbone.h"
#include "rna/chi.h"
#include "rna/ideal_bases.h"
#include "rna/io/structure_reader.h"
#include "rna/measure/clashes.h"
#include "rna/pairs/pair_agreement.h"
#include "rna/pairs/refined_base_pairs.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr std::array<Base, 4> kBases = {Base::A, Base::C, Base::G, Base::U};

std::array<double, 2> sin_cos(double angle) { return {std::sin(angle), std::cos(angle)}; }

// Torsions of A-form RNA: C3'-endo ribose, gamma gauche+, beta trans.
std::array<std::array<double, 2>, kTorsions> a_form_torsions() {
  std::array<std::array<double, 2>, kTorsions> torsions;
  const std::array<double, kTorsions> degrees = {-153, 5, -144, 84, -69, 176, -50, -180};
  for (int k = 0; k < kTorsions; ++k) torsions[k] = sin_cos(degrees[k] * kDegree);
  return torsions;
}

Nucleotide ideal_nucleotide(Base base, double chi) {
  RigidTransform frame;
  frame.rotation = Eigen::AngleAxisd(0.7, Vec3(0.3, -0.5, 0.8).normalized()).toRotationMatrix();
  frame.translation = Vec3(10.0, -3.0, 25.0);
  return with_all_atoms(rebuild_backbone(frame, a_form_torsions()), base, sin_cos(chi));
}

// Clowney et al. 1996, table 1: bond lengths of the four bases.
TEST(IdealBases, BondsHaveTheAverageLengthsOfCrystals) {
  struct Bond {
    Base base;
    std::string_view from, to;
    double length;
  };
  constexpr Bond kBonds[] = {{Base::C, "N1", "C2", 1.397}, {Base::C, "C2", "O2", 1.240}, {Base::C, "C4", "N4", 1.335},
                             {Base::C, "C5", "C6", 1.339}, {Base::C, "N1", "C6", 1.367}, {Base::U, "N1", "C2", 1.381},
                             {Base::U, "N3", "C4", 1.380}, {Base::U, "C4", "O4", 1.232}, {Base::U, "C2", "O2", 1.219},
                             {Base::A, "N9", "C4", 1.374}, {Base::A, "C8", "N7", 1.311}, {Base::A, "C6", "N6", 1.335},
                             {Base::A, "N1", "C2", 1.339}, {Base::A, "C5", "C6", 1.406}, {Base::G, "C6", "O6", 1.237},
                             {Base::G, "C2", "N2", 1.341}, {Base::G, "N9", "C8", 1.374}, {Base::G, "C4", "C5", 1.379}};
  for (const Bond& bond : kBonds) {
    const IdealBase& base = ideal_base(bond.base);
    const double length =
        (base.atoms[atom_slot(bond.base, bond.from)] - base.atoms[atom_slot(bond.base, bond.to)]).norm();
    EXPECT_NEAR(length, bond.length, 0.002) << base_letter(bond.base) << " " << bond.from << "-" << bond.to;
  }
}

TEST(IdealBases, RingsHoldTheAtomsOfTheirNames) {
  for (const Base base : kBases) {
    std::vector<std::string_view> names;
    for (int slot : ring_slots(base)) names.push_back(atom_name(base, slot));
    const bool purine = base == Base::A || base == Base::G;
    EXPECT_EQ(names, purine ? (std::vector<std::string_view>{"N9", "C8", "N7", "C5", "C6", "N1", "C2", "N3", "C4"})
                            : (std::vector<std::string_view>{"N1", "C2", "N3", "C4", "C5", "C6"}))
        << base_letter(base);
    for (int slot = kGlycosidicNitrogen; slot < kAtomSlots; ++slot)
      EXPECT_EQ(ideal_base(base).atoms[slot].isZero(), atom_name(base, slot).empty()) << base_letter(base) << slot;
  }
  EXPECT_THROW(ideal_base(Base::N), Error);
  EXPECT_TRUE(ring_slots(Base::N).empty());
}

TEST(IdealBases, TheFrameOfAMovedBaseIsItsMotion) {
  RigidTransform motion;
  motion.rotation = Eigen::AngleAxisd(2.1, Vec3(1, 2, -3).normalized()).toRotationMatrix();
  motion.translation = Vec3(4, 5, 6);
  for (const Base base : kBases) {
    Nucleotide nucleotide;
    nucleotide.base = base;
    for (int slot : ring_slots(base)) nucleotide.set(slot, motion * ideal_base(base).atoms[slot]);
    const auto frame = base_frame(nucleotide);
    ASSERT_TRUE(frame);
    EXPECT_LE((frame->rotation - motion.rotation).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_LE((frame->translation - motion.translation).norm(), 1e-11);
    nucleotide.atom_mask &= ~(1u << ring_slots(base).back());
    EXPECT_FALSE(base_frame(nucleotide)) << "a ring atom is missing";
  }
}

TEST(AllAtoms, APlacedBaseHasItsChiAndItsShape) {
  for (const Base base : kBases) {
    for (double chi = -3.0; chi <= 3.1; chi += 0.61) {
      const Nucleotide nucleotide = ideal_nucleotide(base, chi);
      const auto got = chi_of(nucleotide);
      ASSERT_TRUE(got);
      EXPECT_NEAR((*got)[0], std::sin(chi), 1e-7) << base_letter(base);
      EXPECT_NEAR((*got)[1], std::cos(chi), 1e-7) << base_letter(base);
      const auto frame = base_frame(nucleotide);
      ASSERT_TRUE(frame);
      for (int slot = kGlycosidicNitrogen; slot < kAtomSlots && !atom_name(base, slot).empty(); ++slot)
        EXPECT_LE((*frame * ideal_base(base).atoms[slot] - nucleotide.atoms[slot]).norm(), 1e-7);
      // The base continues the bond C1'-N: its own C1' is where the ribose has it, up to the length of that bond.
      EXPECT_LE((*frame * ideal_base(base).c1 - nucleotide.atoms[kC1]).norm(), 0.02);
    }
  }
}

TEST(AllAtoms, ChiMayBeAMeanOfSeveralPredictions) {
  auto atoms = ideal_nucleotide(Base::A, 1.1).atoms, same = atoms;
  place_base(Base::A, {0.4 * std::sin(1.1), 0.4 * std::cos(1.1)}, same);
  for (int slot = 0; slot < kAtomSlots; ++slot) EXPECT_LE((same[slot] - atoms[slot]).norm(), 1e-12) << slot;
}

TEST(AllAtoms, AnNHasNoBase) {
  const Nucleotide nucleotide = ideal_nucleotide(Base::N, 1.0);
  EXPECT_EQ(nucleotide.atom_mask, (1u << kBackboneAtoms) - 1u);
  EXPECT_FALSE(chi_of(nucleotide));
}

TEST(AllAtoms, PseudouridineKeepsItsOwnAtomNames) {
  // Attached by C5: C4 and O4 are where uridine has C2 and O2, and the other way round.
  Nucleotide nucleotide = ideal_nucleotide(Base::U, -2.8);
  nucleotide.name = "PSU";
  std::swap(nucleotide.atoms[atom_slot(Base::U, "C2")], nucleotide.atoms[atom_slot(Base::U, "C4")]);
  std::swap(nucleotide.atoms[atom_slot(Base::U, "O2")], nucleotide.atoms[atom_slot(Base::U, "O4")]);
  const Nucleotide rebuilt = rebuild_all_atoms(nucleotide);
  const auto before = chi_of(nucleotide), after = chi_of(rebuilt);
  ASSERT_TRUE(before && after);
  EXPECT_NEAR((*before)[0], std::sin(-2.8), 1e-7);
  for (std::size_t part = 0; part < 2; ++part) EXPECT_NEAR((*before)[part], (*after)[part], 1e-7);
  for (int slot = 0; slot < kAtomSlots; ++slot)
    EXPECT_LE((rebuilt.atoms[slot] - nucleotide.atoms[slot]).norm(), 1e-6) << atom_name(nucleotide, slot);
  EXPECT_TRUE(base_frame(nucleotide));
  nucleotide.name = "U";
  EXPECT_FALSE(chi_of(nucleotide)) << "C4 of uridine would lie on the line C1'-N1";
}

TEST(AllAtoms, ClosingTheRiboseKeepsBondsAndTorsions) {
  struct Pucker {
    const char* name;
    double bb2_1, bb2_2;  // degrees
  };
  for (const Pucker& pucker :
       {Pucker{"C3'-endo", -153, 5}, Pucker{"C2'-endo", -92, -22}, Pucker{"O4'-endo", -125, -28}}) {
    auto torsions = a_form_torsions();
    torsions[0] = sin_cos(pucker.bb2_1 * kDegree);
    torsions[1] = sin_cos(pucker.bb2_2 * kDegree);
    const auto open = rebuild_backbone({}, torsions);
    auto closed = open;
    close_ribose(closed);
    EXPECT_NEAR((closed[kC1] - closed[kC2]).norm(), kC1C2BondLength, 1e-9) << pucker.name;
    EXPECT_NEAR((closed[kC3] - closed[kC2]).norm(), (open[kC3] - open[kC2]).norm(), 1e-12) << pucker.name;
    EXPECT_NEAR(dihedral(closed[kC5], closed[kC4], closed[kC3], closed[kC2]), pucker.bb2_1 * kDegree, 1e-7);
    for (int slot = 0; slot < kBackboneAtoms; ++slot) {
      if (slot == kC2 || slot == kO2) continue;
      EXPECT_EQ(closed[slot], open[slot]) << pucker.name << " " << slot;
    }
    auto again = closed;
    close_ribose(again);
    EXPECT_LE((again[kC2] - closed[kC2]).norm(), 1e-9) << pucker.name;
  }
}

TEST(AllAtoms, ARingThatCannotCloseBendsNoFartherThanItsLimit) {
  auto torsions = a_form_torsions();
  torsions[1] = sin_cos(150 * kDegree);  // C1' on the far side of O4'
  auto atoms = rebuild_backbone({}, torsions);
  close_ribose(atoms);
  const double angle = std::acos((atoms[kC4] - atoms[kC3]).normalized().dot((atoms[kC2] - atoms[kC3]).normalized()));
  EXPECT_NEAR(angle, 92.0 * kDegree, 1e-9);
  for (const Vec3& atom : atoms) EXPECT_TRUE(atom.allFinite());
}

TEST(AllAtoms, ANucleotideOfIdealGeometryIsRebuiltExactly) {
  for (const Base base : kBases) {
    const Nucleotide nucleotide = ideal_nucleotide(base, -2.77), again = rebuild_all_atoms(nucleotide);
    EXPECT_EQ(again.atom_mask, nucleotide.atom_mask);
    for (int slot = 0; slot < kAtomSlots; ++slot)
      EXPECT_LE((again.atoms[slot] - nucleotide.atoms[slot]).norm(), 1e-6) << base_letter(base) << slot;
  }
}

TEST(AllAtoms, ABaseIsLeftOutWhereChiIsUndefined) {
  Nucleotide nucleotide = ideal_nucleotide(Base::G, -2.77);
  nucleotide.atom_mask &= ~(1u << atom_slot(Base::G, "C4"));
  EXPECT_EQ(rebuild_all_atoms(nucleotide).atom_mask, (1u << kBackboneAtoms) - 1u);
}

// Root mean square distance of all heavy atoms, without superposition: frame and origin are those of the native.
struct Rebuilding {
  std::vector<double> of_chain, of_nucleotide, c1_c2;
};

void add(const Chain& chain, Rebuilding& found) {
  double chain_square = 0;
  long chain_atoms = 0;
  for (const Nucleotide& native : chain.nucleotides) {
    if (!native.has_frame() || native.base == Base::N || !chi_of(native)) continue;
    const Nucleotide rebuilt = rebuild_all_atoms(native);
    double square = 0;
    int atoms = 0;
    for (int slot = 0; slot < kAtomSlots; ++slot) {
      if (!native.has(slot) || !rebuilt.has(slot)) continue;
      square += (native.atoms[slot] - rebuilt.atoms[slot]).squaredNorm();
      ++atoms;
    }
    found.of_nucleotide.push_back(std::sqrt(square / atoms));
    if (rebuilt.has(kC1) && rebuilt.has(kC2)) found.c1_c2.push_back((rebuilt.atoms[kC1] - rebuilt.atoms[kC2]).norm());
    chain_square += square;
    chain_atoms += atoms;
  }
  if (chain_atoms > 0) found.of_chain.push_back(std::sqrt(chain_square / static_cast<double>(chain_atoms)));
}

TEST(AllAtoms, AnIdealDuplexIsRebuiltFromFramesAndNineTorsionsToAQuarterOfAnAngstrom) {
  Rebuilding found;
  for (const Chain& chain : read_structure(small_structure("duplex.pdb")).chains) add(chain, found);
  ASSERT_EQ(found.of_chain.size(), 2u);
  for (const double rmsd : found.of_chain) EXPECT_LE(rmsd, 0.25);
  for (const double rmsd : found.of_nucleotide) EXPECT_LE(rmsd, 0.25);
  EXPECT_NEAR(median(found.c1_c2), kC1C2BondLength, 1e-6);
}

TEST(AllAtoms, ARebuiltDuplexKeepsItsHydrogenBondedPairsAndHasNoClash) {
  const Structure structure = read_structure(small_structure("duplex.pdb"));
  std::vector<Nucleotide> rebuilt;
  for (const int strand : {0, 1}) {
    for (Nucleotide nucleotide : structure.chains.at(strand).nucleotides) {
      nucleotide.chain_in_structure = strand;
      rebuilt.push_back(rebuild_all_atoms(nucleotide));
    }
  }
  // The same rebuild in numpy: hydrogen bonds of 2.78 to 3.05 Å, and no two atoms closer than 0.26 Å above a clash.
  EXPECT_EQ(refine_base_pairs(rebuilt), (std::vector<int>{15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
  for (int i = 0; i < 8; ++i) {
    const EdgeBonds bonds = watson_crick_bonds(rebuilt[i], rebuilt[15 - i]);
    EXPECT_EQ(bonds.possible, rebuilt[i].base == Base::G || rebuilt[i].base == Base::C ? 3 : 2) << i;
    EXPECT_EQ(bonds.formed, bonds.possible) << i;
  }
  const Clashes clashes = find_clashes(rebuilt, ClashAtoms::kAll);
  EXPECT_EQ(clashes.atoms, 340);  // in each strand two G of 23 atoms, two A of 22, two C and two U of 20
  EXPECT_EQ(clashes.pairs, 0);
}

TEST(AllAtoms, NativesAreRebuiltFromFramesAndNineTorsionsToAQuarterOfAnAngstrom) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures/sample");
  Rebuilding found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    for (const Chain& chain : read_structure(entry.path()).chains) add(chain, found);
  }
  const auto share = [&](double within) {
    return static_cast<double>(std::ranges::count_if(found.of_nucleotide, [&](double x) { return x <= within; })) /
           static_cast<double>(found.of_nucleotide.size());
  };
  std::cout << "  " << found.of_chain.size() << " chains, " << found.of_nucleotide.size()
            << " nucleotides; median RMSD of a chain " << median(found.of_chain) << " Å, of a nucleotide "
            << median(found.of_nucleotide) << " Å, " << 100 * share(0.25) << " % within 0.25 Å; median C1'-C2' "
            << median(found.c1_c2) << " Å\n";
  EXPECT_GE(found.of_chain.size(), 40u);
  EXPECT_LE(median(found.of_chain), 0.25);
  EXPECT_LE(median(found.of_nucleotide), 0.25);
  EXPECT_NEAR(median(found.c1_c2), kC1C2BondLength, 1e-6);
}

// What an annotator of whole bases sees of the rebuilt chains, beside what it sees of the natives.
TEST(AllAtoms, RebuiltNativesKeepTheirHydrogenBondedPairsAndHaveFewClashes) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures/sample");
  Agreement pairs;
  Clashes native_clashes, rebuilt_clashes;
  const auto count = [](const std::vector<Nucleotide>& nucleotides, Clashes& sum) {
    const Clashes clashes = find_clashes(nucleotides, ClashAtoms::kAll);
    sum.pairs += clashes.pairs;
    sum.atoms += clashes.atoms;
  };
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    for (const Chain& chain : read_structure(entry.path()).chains) {
      std::vector<Nucleotide> native, rebuilt;
      for (const Nucleotide& nucleotide : chain.nucleotides) {
        if (!nucleotide.has_frame() || !chi_of(nucleotide)) continue;
        native.push_back(nucleotide);
        rebuilt.push_back(rebuild_all_atoms(nucleotide));
      }
      pairs.add(compare_pairs(refine_base_pairs(native), refine_base_pairs(rebuilt)));
      count(native, native_clashes);
      count(rebuilt, rebuilt_clashes);
    }
  }
  std::cout << "  " << pairs.asked << " pairs, F1 " << pairs.f1() << "; clashes of all atoms per 100 atoms "
            << rebuilt_clashes.per_100_atoms() << ", of natives " << native_clashes.per_100_atoms() << "\n";
  EXPECT_GE(pairs.asked, 500);
  EXPECT_GE(pairs.f1(), 0.97);
  EXPECT_LE(rebuilt_clashes.per_100_atoms(), native_clashes.per_100_atoms() + 1.0);
}

}  // namespace
}  // namespace flashrna
