// Local distance difference test (Mariani et al. 2013, doi:10.1093/bioinformatics/btt473) on the 13 backbone atoms: how
// well a model preserves the reference's distances within 15 Å. Needs no superposition, but a correspondence: the same
// residues in the same order.
#pragma once

#include <span>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

struct Lddt {
  double value = 0.0;              // in [0, 1]; NaN if the reference has no pair to compare
  std::vector<double> by_residue;  // over the pairs of each residue's atoms; NaN without pairs
};

// Compares the pairs of atoms of different residues that are at most 15 Å apart in the reference: the share of
// distances that differ by less than a threshold, averaged over 0.5, 1, 2 and 4 Å. A pair with an atom that the model
// lacks counts as not preserved. Throws Error if the spans differ in length or if a coordinate exceeds 1e6 Å. Time and
// memory are linear in the number of residues.
Lddt lddt(std::span<const Nucleotide> model, std::span<const Nucleotide> reference);

}  // namespace flashrna
