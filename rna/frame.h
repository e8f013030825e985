// The frame of a nucleotide: origin C4', x along C4'->O4', C3' in the xy-plane with y > 0 (RNA-FrameFlow,
// arXiv:2406.13839). Reference values: tests/data/golden/geometry.h5.
#pragma once

#include "rna/geometry.h"
#include "rna/nucleotide.h"

namespace flashrna {

// Whether the three atoms are separated and not collinear, each by at least 0.1 Å (bonds are 15 times as long).
// Otherwise no rotation is defined, and the result of frame_from_atoms has determinant 0.
bool spans_frame(const Vec3& c3, const Vec3& c4, const Vec3& o4);

// Frame from three atom positions (Å). Each normalization is v / sqrt(v.v + 1e-8), as published.
RigidTransform frame_from_atoms(const Vec3& c3, const Vec3& c4, const Vec3& o4);

// Frame of a nucleotide. Throws Error without one (Nucleotide::has_frame).
RigidTransform frame_of(const Nucleotide& nucleotide);

}  // namespace flashrna
