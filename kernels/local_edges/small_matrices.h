// Products of 3x3 matrices by rows and rotations from quaternions (1, b, c, d), with their gradients. V is a number, or
// a vector of numbers that belong to several edges.
#pragma once

#include "kernels/host_device.h"

namespace flashrna {

// C = A^T B and C += A B^T, C += A B of 3x3 matrices by rows.
template <typename V>
FLASHRNA_HOST_DEVICE void multiply_transposed(const V* a, const V* b, V* c) {
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) c[3 * i + j] = a[i] * b[j] + a[3 + i] * b[3 + j] + a[6 + i] * b[6 + j];
}
template <typename V>
FLASHRNA_HOST_DEVICE void add_product(const V* a, const V* b, V* c) {
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) c[3 * i + j] += a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
}
template <typename V>
FLASHRNA_HOST_DEVICE void add_product_transposed(const V* a, const V* b, V* c) {
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      c[3 * i + j] += a[3 * i] * b[3 * j] + a[3 * i + 1] * b[3 * j + 1] + a[3 * i + 2] * b[3 * j + 2];
}

// Rotation of the quaternion (1, b, c, d) / its norm, and 1 / its squared norm.
template <typename V, typename T>
FLASHRNA_HOST_DEVICE void rotation_of(const V* bcd, V* rotation, V& scale, T one) {
  const V &x = bcd[0], &y = bcd[1], &z = bcd[2];
  const V xx = x * x, yy = y * y, zz = z * z;
  const T two = one + one;
  scale = one / (one + xx + yy + zz);
  rotation[0] = (one + xx - yy - zz) * scale;
  rotation[1] = two * (x * y - z) * scale;
  rotation[2] = two * (x * z + y) * scale;
  rotation[3] = two * (x * y + z) * scale;
  rotation[4] = (one - xx + yy - zz) * scale;
  rotation[5] = two * (y * z - x) * scale;
  rotation[6] = two * (x * z - y) * scale;
  rotation[7] = two * (y * z + x) * scale;
  rotation[8] = (one - xx - yy + zz) * scale;
}

// by_bcd from by_rotation q: the derivative of the unnormalized matrix, then that of 1 / squared norm.
template <typename V, typename T>
FLASHRNA_HOST_DEVICE void differentiate_rotation(const V* bcd, const V* rotation, const V& scale, const V* q, T two,
                                                 V* by_bcd) {
  const V &x = bcd[0], &y = bcd[1], &z = bcd[2];
  V along = V{};
  for (int k = 0; k < 9; ++k) along += q[k] * rotation[k];
  const V factor = two * scale;
  by_bcd[0] = factor * (x * (q[0] - q[4] - q[8]) + y * (q[1] + q[3]) + z * (q[2] + q[6]) + q[7] - q[5] - x * along);
  by_bcd[1] = factor * (y * (q[4] - q[0] - q[8]) + x * (q[1] + q[3]) + z * (q[5] + q[7]) + q[2] - q[6] - y * along);
  by_bcd[2] = factor * (z * (q[8] - q[0] - q[4]) + x * (q[2] + q[6]) + y * (q[5] + q[7]) + q[3] - q[1] - z * along);
}

}  // namespace flashrna
