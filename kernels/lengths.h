// Lengths of the entries of a batch in a GPU's memory. No torch.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace flashrna {

// A length as kernels take it, from 0 to the padded one. The host does not look at a GPU's numbers, for it would wait.
FLASHRNA_HOST_DEVICE std::int64_t cut_length(std::int64_t length, std::int64_t padded) {
  return length < 0 ? 0 : length < padded ? length : padded;
}

}  // namespace flashrna
