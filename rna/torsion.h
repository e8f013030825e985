// The eight torsions that place a nucleotide's backbone relative to its frame. Order and atoms are those of
// RNA-FrameFlow (arXiv:2406.13839): bb2_1, bb2_2, bb2_3, delta, gamma, beta, alpha1, alpha2. All atoms of a torsion
// belong to one residue.
#pragma once

#include <array>
#include <cstdint>

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

}  // namespace flashrna
