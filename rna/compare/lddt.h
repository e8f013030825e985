// Local distance difference test (Mariani et al. 2013, doi:10.1093/bioinformatics/btt473) on the 13 backbone atoms: how
// well a model keeps the distances of a reference within 15 Å. It needs no superposition, but a correspondence: the
// same residues in the same order.
#pragma once

#include <span>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

struct Lddt {
  double value = 0.0;              // in [0, 1]; NaN where the reference has no pair to compare
  std::vector<double> by_residue;  // over the pairs of each residue's atoms; NaN where it has none
};

// Mean over the thresholds 0.5, 1, 2 and 4 Å of the share of distances that differ by less, among the pairs of atoms of
// different residues at most 15 Å apart in the reference. A pair of which the model lacks an atom is not kept. Throws
// Error if the spans differ in length, and for a coordinate beyond 1e6 Å. Time and memory linear in the residues.
Lddt lddt(std::span<const Nucleotide> model, std::span<const Nucleotide> reference);

}  // namespace flashrna
