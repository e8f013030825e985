// The eight torsions that place a nucleotide's backbone relative to its frame. Order and atoms are those of
// RNA-FrameFlow (arXiv:2406.13839): bb2_1, bb2_2, bb2_3, delta, gamma, beta, alpha1, alpha2. All atoms of a torsion
// belong to one residue. The glycosidic torsion chi, which places the base, is not one of the eight: see chi_of.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

inline constexpr int kTorsions = 8;

struct Torsions {
  std::array<std::array<double, 2>, kTorsions> sin_cos;  // (sin, cos); (0, 1) if undefined
  std::uint8_t mask = 0;                                 // bit k set: all four atoms present, no three collinear
};

// Dihedral with the IUPAC sign as (sin, cos), divided by sqrt(sin² + cos² + 1e-8) of the unnormalized pair.
std::array<double, 2> dihedral_sin_cos(const Vec3& a, const Vec3& b, const Vec3& c, const Vec3& d);

Torsions torsions_of(const Nucleotide& nucleotide);

// The glycosidic torsion chi as (sin, cos): O4'-C1'-N9-C4 in purines, O4'-C1'-N1-C2 in pyrimidines (IUPAC-IUB 1983,
// doi:10.1111/j.1432-1033.1983.tb07225.x), and O4'-C1'-C5-C4 in C-nucleosides such as pseudouridine, whose C4 is where
// uridine has C2. Empty without one of the four atoms, if three of them are collinear, and for Base::N.
std::optional<std::array<double, 2>> chi_of(const Nucleotide& nucleotide);

}  // namespace flashrna
