// The frame of a nucleotide: origin C4', x along C4'->O4', C3' in the xy-plane with y > 0 (RNA-FrameFlow,
// arXiv:2406.13839). Reference values: tests/data/golden/geometry.h5.
#pragma once

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

// Whether the three atoms are apart and not on one line, each by at least 0.1 Å (bonds are 15 times as long): else
// there is no rotation, and what frame_from_atoms gives has the determinant 0.
bool spans_frame(const Vec3& c3, const Vec3& c4, const Vec3& o4);

// Frame from three atom positions (Å). Each normalisation is v / sqrt(v.v + 1e-8), as published.
RigidTransform frame_from_atoms(const Vec3& c3, const Vec3& c4, const Vec3& o4);

// Frame of a nucleotide; it must have one (Nucleotide::has_frame), else Error.
RigidTransform frame_of(const Nucleotide& nucleotide);

}  // namespace flashrna
