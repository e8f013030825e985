#include "rna/measure/clashes.h"

#include <gtest/gtest.h>

#include <iostream>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "tests/rna/random_points.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

double radius_by_name(std::string_view name) {
  switch (name[0]) {
    case 'P':
      return 1.80;
    case 'C':
      return 1.70;
    case 'N':
      return 1.55;
    default:
      return 1.52;
  }
}

// The definition over all pairs of atoms.
Clashes clashes_by_definition(const std::vector<Nucleotide>& nucleotides) {
  Clashes clashes;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    for (int a = 0; a < kBackboneAtoms; ++a) {
      if (!nucleotides[i].has(a)) continue;
      ++clashes.atoms;
      for (std::size_t j = i + 1; j < nucleotides.size(); ++j) {
        for (int b = 0; b < kBackboneAtoms; ++b) {
          if (!nucleotides[j].has(b)) continue;
          const std::string_view one = atom_name(nucleotides[i], a), other = atom_name(nucleotides[j], b);
          const double closest = radius_by_name(one) + radius_by_name(other) - 0.6;
          if ((nucleotides[i].atoms[a] - nucleotides[j].atoms[b]).squaredNorm() > closest * closest) continue;
          const bool linked = j == i + 1 && nucleotides[j].residue_index == nucleotides[i].residue_index + 1;
          const bool bond = linked && one == "O3'" && other == "P";
          const bool two_bonds = linked && ((one == "C3'" && other == "P") ||
                                            (one == "O3'" && (other == "OP1" || other == "OP2" || other == "O5'")));
          clashes.published_pairs += !bond;
          clashes.pairs += !bond && !two_bonds;
        }
      }
    }
  }
  return clashes;
}

// A nucleotide with one atom.
Nucleotide lone_atom(int residue_index, int slot, const Vec3& position) {
  Nucleotide nucleotide;
  nucleotide.base = Base::A;
  nucleotide.residue_index = residue_index;
  nucleotide.set(slot, position);
  return nucleotide;
}

TEST(Clashes, ADistanceOfTheRadiiLessSixTenthsIsAClash) {
  const double closest = 1.70 + 1.52 - 0.6;
  const Nucleotide carbon = lone_atom(0, kC4, Vec3::Zero());
  for (const auto& [distance, expected] : {std::pair{closest - 1e-9, 1}, std::pair{closest + 1e-9, 0}}) {
    const std::vector<Nucleotide> two{carbon, lone_atom(1, kO4, Vec3(0.0, distance, 0.0))};
    EXPECT_EQ(find_clashes(two).pairs, expected) << distance;
    EXPECT_EQ(find_clashes(two).atoms, 2);
  }
}

TEST(Clashes, BondedNeighborsMayTouchWhereTheirBondMakesThem) {
  struct Case {
    int slot, next_slot, residue_index;
    long pairs, published_pairs;
  };
  for (const Case& c : {Case{kO3, kP, 1, 0, 0},
                        {kO3, kP, 2, 1, 1},
                        {kC3, kP, 1, 0, 1},
                        {kO3, kOP1, 1, 0, 1},
                        {kO3, kOP2, 1, 0, 1},
                        {kO3, kO5, 1, 0, 1},
                        {kO3, kC5, 1, 1, 1},
                        {kP, kO3, 1, 1, 1}}) {
    const std::vector<Nucleotide> two{lone_atom(0, c.slot, Vec3::Zero()),
                                      lone_atom(c.residue_index, c.next_slot, Vec3(1.6, 0.0, 0.0))};
    const Clashes clashes = find_clashes(two);
    EXPECT_EQ(clashes.pairs, c.pairs) << c.slot << " " << c.next_slot;
    EXPECT_EQ(clashes.published_pairs, c.published_pairs) << c.slot << " " << c.next_slot;
  }
}

TEST(Clashes, AtomsOfOneResidueDoNotClash) { EXPECT_EQ(find_clashes(synthetic_chain("A", "G").nucleotides).pairs, 0); }

TEST(Clashes, TheCellListFindsWhatAllPairsFind) {
  std::vector<Nucleotide> dense = synthetic_chain("A", "GACUNGACUNGACUNGACUN").nucleotides;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    if (i % 7 == 3) dense[i].atom_mask &= ~(1u << kC2);
    if (i > 10) ++dense[i].residue_index;
    const Vec3 shift = -0.9 * dense[i].atoms[kC4];  // crowds the chains together
    for (Vec3& atom : dense[i].atoms) atom += shift;
  }
  dense[3].name = "PSU";
  const Clashes clashes = find_clashes(dense), expected = clashes_by_definition(dense);
  EXPECT_GT(expected.pairs, 100);
  EXPECT_GT(expected.published_pairs, expected.pairs);
  EXPECT_EQ(clashes.pairs, expected.pairs);
  EXPECT_EQ(clashes.published_pairs, expected.published_pairs);
  EXPECT_EQ(clashes.atoms, expected.atoms);
}

TEST(Clashes, RealStructuresHaveFew) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  const std::vector<Nucleotide> nucleotides = read_structure(path).chains[0].nucleotides;
  const Clashes clashes = find_clashes(nucleotides), expected = clashes_by_definition(nucleotides);
  std::cout << "  1EHZ: " << clashes.pairs << " (published " << clashes.published_pairs << ") pairs among "
            << clashes.atoms << " atoms\n";
  EXPECT_EQ(clashes.pairs, expected.pairs);
  EXPECT_EQ(clashes.published_pairs, expected.published_pairs);
  EXPECT_LT(clashes.per_100_atoms(), 1.0);
}

TEST(Clashes, NothingHasNoClashesAndBadCoordinatesAreRefused) {
  EXPECT_EQ(find_clashes({}).per_100_atoms(), 0.0);
  const std::vector<Nucleotide> bad{lone_atom(0, kP, Vec3(0.0, 0.0, 1e9))};
  EXPECT_THROW(find_clashes(bad), Error);
}

}  // namespace
}  // namespace flashrna
