// A sample as a structure: its backbone with the molecules, numbers, letters and motif of its design.
#pragma once

#include <string>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/design/design.h"
#include "rna/structure.h"

namespace flashrna {

// Molecules become chains A, B, ..., with their own numbers from 1. `unnamed`: base of residues whose letter is not
// said. A backbone of several times the design's length is a symmetric assembly: copies of the design, each with chains
// of its own. Residues of a fixed motif get the backbone atoms of the motif file, placed by their sampled frames; atoms
// that the file lacks are rebuilt.
Structure make_structure(const SampledBackbone& backbone, const std::string& name, const Design& design, Base unnamed);

// Root-mean-square distance (Å) between the motif's backbone atoms in a sample (`sample` as above, not symmetric) and
// in its file, after superposition; with free groups that of the worst group. NaN without a motif.
double motif_rmsd(const Structure& sample, const Design& design);

// The asked partners of every residue of a structure made of `copies` copies of the design.
std::vector<int> partners_of_copies(const Design& design, int copies);

}  // namespace flashrna
