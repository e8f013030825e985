// Completes a backbone of 13 atoms per nucleotide (rna/backbone.h) to all heavy atoms: closes the ribose, and places an
// ideal base (rna/ideal_bases.h) by the torsion chi. No energy is minimized: clashes between bases remain.
#pragma once

#include <array>
#include <span>

#include "rna/nucleotide.h"

namespace flashrna {

// Bond C1'-C2' of ribose, Å (Gelbin et al. 1996, doi:10.1021/ja9528846).
inline constexpr double kC1C2BondLength = 1.529;

// Closes the ring of the 13 backbone atoms `atoms` (Å, by slot): bends C4'-C3'-C2' within its plane until C1'-C2' is
// kC1C2BondLength, and recomputes O2'. Bond lengths and the eight torsions keep their values. The angle stays within
// 92 to 113 degrees; where that does not suffice, C1'-C2' is as near to its length as possible.
void close_ribose(std::span<Vec3> atoms);

// Places the atoms of `base` after the glycosidic nitrogen into `atoms` (Å, [kAtomSlots], by slot) from O4', C1' and
// that nitrogen, which keep their positions. `chi` is (sin, cos), of any length above 0. Does nothing for Base::N.
void place_base(Base base, const std::array<double, 2>& chi, std::span<Vec3> atoms);

// All heavy atoms of a nucleotide of `base`, whose name becomes its letter, from the 13 backbone atoms.
Nucleotide with_all_atoms(std::span<const Vec3> backbone, Base base, const std::array<double, 2>& chi);

// `nucleotide` rebuilt from its own frame, eight torsions and chi. Atoms that an undefined torsion would place are
// absent. Throws Error if it has no frame.
Nucleotide rebuild_all_atoms(const Nucleotide& nucleotide);

}  // namespace flashrna
