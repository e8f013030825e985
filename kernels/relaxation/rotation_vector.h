// Sine and cosine, and the rotation of a rotation vector with its derivative, on CPU and GPU. In f64, whatever the type
// of the arguments: a few per residue. CUDA's own sine would put a buffer for huge angles into local memory.
#pragma once

#include <cmath>

#include "kernels/relaxation/vector3.h"

namespace flashrna {

struct SineCosine {
  double sine, cosine;
};

// Within 2e-16 for angles up to 1e6, by the polynomials of fdlibm (s_sin.c, k_sin.c, k_cos.c; Sun Microsystems 1993).
FLASHRNA_HOST_DEVICE SineCosine sine_cosine(double angle) {
  constexpr double kPerHalfPi = 6.36619772367581382433e-01;
  constexpr double kHalfPiHigh = 1.57079632673412561417e+00, kHalfPiLow = 6.07710050650619224932e-11;
  const double quarters = std::floor(angle * kPerHalfPi + 0.5);
  const double r = (angle - quarters * kHalfPiHigh) - quarters * kHalfPiLow, z = r * r;
  const double sine = r + r * z *
                              (-1.66666666666666324348e-01 +
                               z * (8.33333333332248946124e-03 +
                                    z * (-1.98412698298579493134e-04 +
                                         z * (2.75573137070700676789e-06 +
                                              z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
  const double cosine =
      1 - (0.5 * z - z * z *
                         (4.16666666666666019037e-02 +
                          z * (-1.38888888888741095749e-03 +
                               z * (2.48015872894767294178e-05 +
                                    z * (-2.75573143513906633035e-07 +
                                         z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11))))));
  const double quadrant = quarters - 4 * std::floor(0.25 * quarters);  // 0 to 3, or not a number
  if (quadrant == 1) return {cosine, -sine};
  if (quadrant == 2) return {-sine, -cosine};
  if (quadrant == 3) return {-cosine, sine};
  return {sine, cosine};
}

// exp([w]x) = 1 + first [w]x + second [w]x^2, and its left Jacobian 1 + second [w]x + third [w]x^2.
struct RotationFactors {
  double first, second, third, square;

  template <typename T>
  FLASHRNA_HOST_DEVICE explicit RotationFactors(const Vector3<T>& w) {
    const double x = w.x, y = w.y, z = w.z;
    square = x * x + y * y + z * z;
    if (square < 1e-8) {  // the next terms of the series are below rounding
      first = 1 - square / 6, second = 0.5 - square / 24, third = 1.0 / 6 - square / 120;
    } else {
      const double angle = std::sqrt(square);
      const SineCosine half = sine_cosine(angle / 2);
      first = 2 * half.sine * half.cosine / angle;
      second = 2 * half.sine * half.sine / square;
      third = (1 - first) / square;
    }
  }
};

// R exp([w]x) for R [9] by rows.
template <typename T>
FLASHRNA_HOST_DEVICE void turn_rotation(const T* rotation, const Vector3<T>& w, T* turned) {
  const RotationFactors factors(w);
  const T a = static_cast<T>(factors.first), b = static_cast<T>(factors.second);
  const T d = static_cast<T>(1 - factors.second * factors.square);
  const Vector3<T> columns[3] = {{d + b * w.x * w.x, b * w.x * w.y + a * w.z, b * w.x * w.z - a * w.y},
                                 {b * w.x * w.y - a * w.z, d + b * w.y * w.y, b * w.y * w.z + a * w.x},
                                 {b * w.x * w.z + a * w.y, b * w.y * w.z - a * w.x, d + b * w.z * w.z}};
  for (int j = 0; j < 3; ++j) {
    const Vector3<T> column = apply(rotation, columns[j]);
    turned[j] = column.x, turned[3 + j] = column.y, turned[6 + j] = column.z;
  }
}

// The gradient with respect to w from the torque in the frame R: the transposed left Jacobian times the torque.
template <typename T>
FLASHRNA_HOST_DEVICE Vector3<T> turn_gradient(const Vector3<T>& w, const Vector3<T>& torque) {
  const RotationFactors factors(w);
  const Vector3<T> once = cross(w, torque);
  return torque - static_cast<T>(factors.second) * once + static_cast<T>(factors.third) * cross(w, once);
}

}  // namespace flashrna
