// Ideal geometry of the bases A, C, G and U: the coordinates of Olson et al. 2001 (table 1,
// doi:10.1006/jmbi.2001.4987), which Clowney et al. 1996 (doi:10.1021/ja952883d) averaged over crystals of small
// molecules. They are given in the standard reference frame of a base: x points into the major groove, y from the
// partner's strand to this strand, z along this strand in 5' to 3' direction; the origin is the center of an ideal
// Watson-Crick pair.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

struct IdealBase {
  Vec3 c1;                             // C1', Å
  std::array<Vec3, kAtomSlots> atoms;  // Å, by slot; zero below kGlycosidicNitrogen and where the base has no atom
};

// Throws Error for Base::N.
const IdealBase& ideal_base(Base base);

// Slots of the ring atoms: nine of A and G, six of C and U, none of N.
std::span<const int> ring_slots(Base base);

// Slot of the base atom that ends the torsion chi: C4 of A and G, C2 of C and U. Throws Error for Base::N.
int chi_slot(Base base);

// The standard reference frame of a nucleotide's base, by least squares over its ring atoms. Empty for Base::N and if a
// ring atom is missing. Pseudouridine and other C-nucleosides are turned so that the atom bonded to C1' is N1 of the
// ideal base.
std::optional<RigidTransform> base_frame(const Nucleotide& nucleotide);

}  // namespace flashrna
