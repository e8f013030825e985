// Sinusoidal embeddings of residue indices and of time.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// [sin(n pi / 2056^(2k/d)) for k = 0..d/2-1, then the cosines]: integers `n` of any shape -> [..., width], even width.
// Computed in f64 (n pi reaches thousands), returned as `dtype`.
at::Tensor index_embedding(const at::Tensor& n, int64_t width, at::ScalarType dtype);

// [sin(2056 t f_k), cos(2056 t f_k)] with f_k = 2056^(-k/(d/2 - 1)); an odd width ends in a zero. t [B] -> [B, width].
at::Tensor time_embedding(const at::Tensor& t, int64_t width, at::ScalarType dtype);

}  // namespace flashrna
