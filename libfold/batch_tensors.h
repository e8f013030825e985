// The tensors of a batch, for code that treats them alike.
#pragma once

#include <array>

#include "libfold/batch.h"

namespace flashrna {

// [B, L, ...]; beside them a batch has `lengths` [B].
inline constexpr std::array kResidueTensors = {
    &Batch::residue_index, &Batch::chain, &Batch::translations, &Batch::rotations, &Batch::torsions,
    &Batch::torsion_mask,  &Batch::chi,   &Batch::chi_mask,     &Batch::partner,   &Batch::nucleotide};

}  // namespace flashrna
