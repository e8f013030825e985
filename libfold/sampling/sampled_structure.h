// A sample as its design describes it: molecules, numbers, and the atoms of a motif.
#pragma once

#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/design/design.h"
#include "rna/structure.h"

namespace flashrna {

// Copies of the design in a backbone: the order of its symmetry, 1 without. Throws Error for a backbone whose length is
// no multiple of the design's.
int copies_in(const SampledBackbone& backbone, const Design& design);

// Divides `structure`, which make_structure (sampled_backbone.h) made of `backbone`, into its molecules: chains A, B,
// ..., each numbered from 1, those of each copy of their own. Residues of a fixed motif get the backbone atoms of the
// motif file, placed by their sampled frames, and its base atoms where `structure` has such; atoms that the file lacks
// stay.
Structure as_designed(const Structure& structure, const SampledBackbone& backbone, const Design& design);

// Root-mean-square distance (Å) between the motif's backbone atoms in a sample (of as_designed) and in its file, after
// superposition; with free groups that of the worst group. NaN without a motif.
double motif_rmsd(const Structure& sample, const Design& design);

}  // namespace flashrna
