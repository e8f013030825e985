// Base pairs of a stored chain, by rna/pairs/base_pairs.h from its stored C1' and glycosidic nitrogens.
#pragma once

#include <cstdint>
#include <vector>

#include "datasets/dataset_records.h"

namespace flashrna {

// [L] position of the partner, -1 where there is none. Linear in the length. Needs atom_positions and atom_mask.
std::vector<std::int32_t> base_pairs_of(const ChainFeatures& chain);

}  // namespace flashrna
