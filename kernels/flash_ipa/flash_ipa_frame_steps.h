// Applies a residue's frame to one point, with gradients, on CPU and GPU. No torch.
#pragma once

#include <cmath>

#include "kernels/host_device.h"

namespace flashrna {

template <typename T>
struct ResidueFrame {
  const T* r;  // [3, 3], columns are the axes
  T t[3];

  // Computes R local + t.
  FLASHRNA_HOST_DEVICE void to_global(const T* local, T* global) const {
    for (int i = 0; i < 3; ++i)
      global[i] = r[3 * i] * local[0] + r[3 * i + 1] * local[1] + r[3 * i + 2] * local[2] + t[i];
  }
  // Computes R^T apart, where `apart` is a global point minus t.
  FLASHRNA_HOST_DEVICE void to_local(const T* apart, T* local) const {
    for (int j = 0; j < 3; ++j) local[j] = r[j] * apart[0] + r[3 + j] * apart[1] + r[6 + j] * apart[2];
  }
};

// Gradients with respect to R and t, summed over the points of a residue.
template <typename T>
struct ResidueFrameGradient {
  T r[9] = {}, t[3] = {};

  // For x = R local + t: computes the gradient with respect to `local` from the one with respect to x.
  FLASHRNA_HOST_DEVICE void of_global(const ResidueFrame<T>& frame, const T* local, const T* by_global, T* by_local) {
    for (int i = 0; i < 3; ++i) {
      t[i] += by_global[i];
      for (int j = 0; j < 3; ++j) r[3 * i + j] += by_global[i] * local[j];
    }
    frame.to_local(by_global, by_local);
  }
  // For y = R^T (x - t), apart = x - t: computes the gradient with respect to x from the one with respect to y.
  FLASHRNA_HOST_DEVICE void of_local(const ResidueFrame<T>& frame, const T* apart, const T* by_local, T* by_global) {
    for (int i = 0; i < 3; ++i) {
      by_global[i] = frame.r[3 * i] * by_local[0] + frame.r[3 * i + 1] * by_local[1] + frame.r[3 * i + 2] * by_local[2];
      t[i] -= by_global[i];
      for (int j = 0; j < 3; ++j) r[3 * i + j] += apart[i] * by_local[j];
    }
  }
};

template <typename T>
FLASHRNA_HOST_DEVICE T squared_norm(const T* x) {
  return x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
}

// sqrt(|y|^2 + 1e-8). Its gradient with respect to y is y divided by it.
template <typename T>
FLASHRNA_HOST_DEVICE T point_norm(const T* y) {
  return std::sqrt(squared_norm(y) + T(1e-8));
}

}  // namespace flashrna
