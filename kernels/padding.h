// Which positions of a padded batch are padding: derived from the true lengths wherever it is needed, never stored.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// True where position >= length: lengths [B] i64 -> [B, padded_length] bool on the same device.
inline at::Tensor padding_mask(const at::Tensor& lengths, int64_t padded_length) {
  return at::arange(padded_length, lengths.options()).unsqueeze(0) >= lengths.unsqueeze(1);
}

}  // namespace flashrna
