// The core of the simple backend: attention over packed rows, exact in its dtype, for any sizes, memory linear in
// length. No torch here: flash_ipa_simple.cpp packs tensors into rows, flash_ipa_simple.cu runs the rows on a GPU.
//
// A row of queries or keys is [products | points]. The logit of a pair is the inner product over the first columns,
// minus half the head's weight times the squared distance over the others. A row of values contains the columns to
// average.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"

namespace flashrna {

struct SimpleSizes {
  std::int64_t B, H, L;  // L: padded length
  int product_columns;
  int logit_columns;  // products and coordinates of points
  int value_columns;
};

// Elements of scratch memory that are enough for each of the three row functions.
inline std::int64_t simple_scratch_size(const SimpleSizes& n) {
  return 2 * (static_cast<std::int64_t>(n.logit_columns) + n.value_columns) + 64;
}

// T is float or double. Rows at or beyond a length are neither read nor written.
template <typename T>
struct SimpleForward {
  SimpleSizes sizes;
  const std::int64_t* lengths;  // [B]
  const T* weights;             // [H]
  const T* queries;             // [B, H, L, logit_columns]
  const T* keys_transposed;     // [B, H, logit_columns, L]
  const T* values;              // [B, H, L, value_columns]
  T* output;                    // [B, H, L, value_columns]
  T* log_sum_exp;               // [B, H, L], natural logarithm
};

template <typename T>
struct SimpleBackward {
  SimpleSizes sizes;
  const std::int64_t* lengths;
  const T* weights;
  const T *queries, *queries_transposed;
  const T *keys, *keys_transposed;
  const T *values, *values_transposed;
  const T *gradients, *gradients_transposed;  // gradients with respect to the output
  const T* log_sum_exp;
  const T* delta;  // [B, H, L] output . gradient
  T *d_queries, *d_keys, *d_values;
  T* d_weight_rows;  // [B, H, L]; its sum over B and L is the gradient of the weights
};

// Run on the stream's device, for float and double. Throw std::runtime_error if a row does not fit into shared memory
// (about 5,000 columns in f32) or CUDA reports an error.
template <typename T>
void simple_forward_cuda(const SimpleForward<T>& arguments, const CudaStream& stream);
template <typename T>
void simple_backward_cuda(const SimpleBackward<T>& arguments, const CudaStream& stream);

}  // namespace flashrna
