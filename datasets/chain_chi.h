// Computes the glycosidic torsion chi of a stored chain from its atoms (rna/chi.h). The writer stores it in
// /residues/chi_sin_cos; the reader computes it for datasets before version 3, which lack that column.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "datasets/dataset_records.h"

namespace flashrna {

// [L, 2] sine and cosine; (0, 0) where chi is undefined. Needs nucleotide, atom_positions and atom_mask.
// `residue_name`: [L], tells C-nucleosides such as PSU from uridine.
std::vector<float> chi_of_chain(const ChainFeatures& chain, std::span<const std::string> residue_name);

}  // namespace flashrna
