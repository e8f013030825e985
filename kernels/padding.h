// The padding of a batch as masks, computed from the lengths; and the check of lengths.
#pragma once

#include <ATen/ATen.h>

#include "kernels/padding_masks.h"

namespace flashrna {

// True where position >= length: lengths [B] i64 -> [B, padded_length] bool on the same device.
inline at::Tensor padding_mask(const at::Tensor& lengths, int64_t padded_length) {
  return at::arange(padded_length, lengths.options()).unsqueeze(0) >= lengths.unsqueeze(1);
}

// Floating members have dtype `dtype`.
inline PaddingMasks make_padding_masks(const at::Tensor& lengths, int64_t padded_length, at::ScalarType dtype) {
  PaddingMasks masks;
  masks.padding = padding_mask(lengths, padded_length);
  masks.real = masks.padding.logical_not().to(dtype).unsqueeze(2);
  masks.residues = masks.real.sum(1, /*keepdim=*/true).clamp_min(1);
  masks.key_logits = at::zeros(masks.padding.sizes(), masks.real.options()).masked_fill(masks.padding, -1e30);
  return masks;
}

// Checks that lengths [B] are i64, on `device`, and from 0 to the padded length L. Throws c10::Error "OPERATION:
// lengths[1] = 12, ...". On a GPU the values are not checked, to avoid a synchronization; kernels clamp them instead.
inline void check_lengths(const char* operation, const at::Tensor& lengths, int64_t B, int64_t L, at::Device device) {
  TORCH_CHECK(lengths.defined() && lengths.dim() == 1 && lengths.size(0) == B && lengths.scalar_type() == at::kLong,
              operation, ": lengths must be i64 of shape [B] with B = ", B);
  TORCH_CHECK(lengths.device() == device, operation, ": lengths are on ", lengths.device(), ", the rest is on ",
              device);
  if (!lengths.is_cpu()) return;
  const auto values = lengths.accessor<int64_t, 1>();
  for (int64_t b = 0; b < B; ++b) {
    TORCH_CHECK(values[b] >= 0 && values[b] <= L, operation, ": lengths[", b, "] = ", values[b],
                ", must be from 0 to the padded length ", L);
  }
}

}  // namespace flashrna
