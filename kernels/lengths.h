// Lengths of the entries of a batch in GPU memory. No torch.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace flashrna {

// Clamps a length to 0 to `padded`. Kernels do this because checking the values on the host would need a
// synchronization.
FLASHRNA_HOST_DEVICE std::int64_t cut_length(std::int64_t length, std::int64_t padded) {
  return length < 0 ? 0 : length < padded ? length : padded;
}

}  // namespace flashrna
