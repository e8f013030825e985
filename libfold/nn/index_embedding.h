// Sinusoidal embeddings of residue indices and of time.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// [sin(2 pi n / period_k) for k = 0..d/2-1, then the cosines]: integers `n` of any shape -> [..., width d], d even. The
// periods increase geometrically from 2 to 40,000 residues, so that all residues of a ribosome have distinct
// embeddings. The published periods are 2 * 2056^(2k/d), at most 3,646 residues at the default width.
// Computed in f64 (n pi reaches thousands) and returned as `dtype`.
at::Tensor index_embedding(const at::Tensor& n, int64_t width, at::ScalarType dtype, bool short_periods = false);

// [sin(2056 t f_k), cos(2056 t f_k)] with f_k = 2056^(-k/(d/2 - 1)). An odd width is padded with a zero. t [B] -> [B,
// width].
at::Tensor time_embedding(const at::Tensor& t, int64_t width, at::ScalarType dtype);

}  // namespace flashrna
