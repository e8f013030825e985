// Vectors of three numbers in kernels: the arithmetic of points, axes and forces.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/host_device.h"

namespace flashrna {

template <typename T>
struct Vector3 {
  T x, y, z;
};

template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> load3(const T* from) {
  return {from[0], from[1], from[2]};
}
template <typename T>
FLASHRNA_HOST_DEVICE void store3(T* to, const Vector3<T>& v) {
  to[0] = v.x, to[1] = v.y, to[2] = v.z;
}

template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> operator+(const Vector3<T>& a, const Vector3<T>& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> operator-(const Vector3<T>& a, const Vector3<T>& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> operator*(T factor, const Vector3<T>& v) {
  return {factor * v.x, factor * v.y, factor * v.z};
}

template <typename T>
FLASHRNA_HOST_DEVICE T dot(const Vector3<T>& a, const Vector3<T>& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> cross(const Vector3<T>& a, const Vector3<T>& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

// Matrix by rows times a vector, and its transpose times a vector.
template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> apply(const T* m, const Vector3<T>& v) {
  return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[3] * v.x + m[4] * v.y + m[5] * v.z,
          m[6] * v.x + m[7] * v.y + m[8] * v.z};
}
template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> apply_transposed(const T* m, const Vector3<T>& v) {
  return {m[0] * v.x + m[3] * v.y + m[6] * v.z, m[1] * v.x + m[4] * v.y + m[7] * v.z,
          m[2] * v.x + m[5] * v.y + m[8] * v.z};
}

// v / |v|, and the gradient with respect to v from the one with respect to the unit vector.
template <typename T>
struct UnitVector {
  Vector3<T> along;
  T length;

  FLASHRNA_HOST_DEVICE explicit UnitVector(const Vector3<T>& v) : length(std::sqrt(dot(v, v))) {
    along = {v.x / length, v.y / length, v.z / length};
  }
  FLASHRNA_HOST_DEVICE Vector3<T> backward(const Vector3<T>& by_unit) const {
    return (1 / length) * (by_unit - dot(along, by_unit) * along);
  }
};

}  // namespace flashrna
