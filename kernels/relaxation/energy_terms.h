// Energies that a relaxation minimizes, besides overlaps, and their gradients: of the link to the next residue, of a
// requested pair, and of the rings of a residue. The definitions are libfold/backbone/relaxation_energy.cpp and
// pair_energy.cpp.
#pragma once

#include <cstdint>

#include "kernels/relaxation/vector3.h"

namespace flashrna {

// Cosine of the angle between two vectors, whose lengths are sqrt(|v|^2 + floor).
template <typename T>
struct Cosine {
  Vector3<T> u, v;
  T u_length, v_length, value;

  FLASHRNA_HOST_DEVICE Cosine(const Vector3<T>& first, const Vector3<T>& second, T floor)
      : u(first),
        v(second),
        u_length(std::sqrt(dot(u, u) + floor)),
        v_length(std::sqrt(dot(v, v) + floor)),
        value(dot(u, v) / (u_length * v_length)) {}

  FLASHRNA_HOST_DEVICE Vector3<T> by_u() const {
    return (1 / (u_length * v_length)) * v - (value / (u_length * u_length)) * u;
  }
  FLASHRNA_HOST_DEVICE Vector3<T> by_v() const {
    return (1 / (u_length * v_length)) * u - (value / (v_length * v_length)) * v;
  }
};

// bond_weight (|d - c| - length)^2 + angle_weight (errors of the cosines of the angles b-c-d and c-d-e)^2; b and c are
// slots of a residue, d and e of the next.
template <typename T>
struct LinkTerm {
  std::int64_t b, c, d, e;
  T length, cosine_before, cosine_after, bond_weight, angle_weight;
};

// Gradient of a link with respect to its four atoms.
template <typename T>
struct LinkGradient {
  Vector3<T> b, c, d, e;

  // Atoms of the two residues, [A, 3].
  FLASHRNA_HOST_DEVICE LinkGradient(const LinkTerm<T>& term, const T* residue, const T* next) {
    const Vector3<T> at_c = load3(residue + 3 * term.c), at_d = load3(next + 3 * term.d), bond = at_d - at_c;
    const T floor = T(1e-8), length = std::sqrt(dot(bond, bond) + floor);
    const Cosine<T> before(load3(residue + 3 * term.b) - at_c, bond, floor);
    const Cosine<T> after(at_c - at_d, load3(next + 3 * term.e) - at_d, floor);
    const T by_length = 2 * term.bond_weight * (length - term.length) / length;
    const T by_before = 2 * term.angle_weight * (before.value - term.cosine_before);
    const T by_after = 2 * term.angle_weight * (after.value - term.cosine_after);
    const Vector3<T> by_bond = by_length * bond + by_before * before.by_v() - by_after * after.by_u();
    b = by_before * before.by_u();
    e = by_after * after.by_v();
    c = Vector3<T>{} - b - by_bond;
    d = by_bond - e;
  }
};

// 1 - cos(torsion - ideal) of two bonds about the axis between them, and its gradient; the lengths of axis and bonds
// are sqrt(|v|^2 + floor).
template <typename T>
struct TorsionGradient {
  Vector3<T> bond, axis, other_bond;

  FLASHRNA_HOST_DEVICE TorsionGradient(const Vector3<T>& first, const Vector3<T>& between, const Vector3<T>& second,
                                       T ideal_cosine, T ideal_sine, T floor) {
    const T length = std::sqrt(dot(between, between) + floor);
    const Vector3<T> u = (1 / length) * between;
    const T first_along = dot(first, u), second_along = dot(second, u);
    const Vector3<T> p = first - first_along * u, q = second - second_along * u;  // across the axis
    const Cosine<T> cosine(p, q, floor);
    const T scale = 1 / (cosine.u_length * cosine.v_length), sine = scale * dot(p, cross(q, u));
    const Vector3<T> sine_by_p = scale * cross(q, u) - (sine / (cosine.u_length * cosine.u_length)) * p;
    const Vector3<T> sine_by_q = scale * cross(u, p) - (sine / (cosine.v_length * cosine.v_length)) * q;
    const Vector3<T> by_p = -ideal_cosine * cosine.by_u() - ideal_sine * sine_by_p;
    const Vector3<T> by_q = -ideal_cosine * cosine.by_v() - ideal_sine * sine_by_q;
    const T by_p_along = dot(by_p, u), by_q_along = dot(by_q, u);
    bond = by_p - by_p_along * u;
    other_bond = by_q - by_q_along * u;
    const Vector3<T> by_u = -(ideal_sine * scale) * cross(p, q) - by_p_along * first - first_along * by_p -
                            by_q_along * second - second_along * by_q;
    axis = (1 / length) * (by_u - dot(by_u, u) * u);
  }
};

// distance_weight (h(|C1 C1'| - c1_distance) + h(|N N'| - n_distance)) + angle_weight (cos(N C1 C1') - cosine)^2 +
// torsion_weight (1 - cos(torsion N C1 C1' N' - ideal)) with h(x) = sqrt(1 + x^2) - 1, of a residue and its partner;
// once for each of the two.
template <typename T>
struct PairTerm {
  std::int64_t c1, n;  // slots
  T c1_distance, n_distance, cosine, torsion_cosine, torsion_sine, distance_weight, angle_weight, torsion_weight;
};

// Gradient of the term of a residue with respect to its two atoms and those of its partner.
template <typename T>
struct PairGradient {
  Vector3<T> c1, n, partner_c1, partner_n;

  FLASHRNA_HOST_DEVICE PairGradient(const PairTerm<T>& term, const T* residue, const T* partner) {
    const T floor = T(1e-6);
    const Vector3<T> at_c1 = load3(residue + 3 * term.c1), at_n = load3(residue + 3 * term.n);
    const Vector3<T> other_c1 = load3(partner + 3 * term.c1), other_n = load3(partner + 3 * term.n);
    const Vector3<T> apart = other_n - at_n;
    const Cosine<T> lambda(other_c1 - at_c1, at_n - at_c1, floor);
    const T by_cosine = 2 * term.angle_weight * (lambda.value - term.cosine);
    const TorsionGradient<T> torsion(lambda.v, lambda.u, other_n - other_c1, term.torsion_cosine, term.torsion_sine,
                                     floor);
    const Vector3<T> by_across = slope(term, lambda.u_length, term.c1_distance) * lambda.u + by_cosine * lambda.by_u() +
                                 term.torsion_weight * torsion.axis;
    const Vector3<T> by_apart = slope(term, std::sqrt(dot(apart, apart) + floor), term.n_distance) * apart;
    const Vector3<T> by_bond = by_cosine * lambda.by_v() + term.torsion_weight * torsion.bond;
    const Vector3<T> by_other_bond = term.torsion_weight * torsion.other_bond;
    c1 = Vector3<T>{} - by_across - by_bond;
    n = by_bond - by_apart;
    partner_c1 = by_across - by_other_bond;
    partner_n = by_apart + by_other_bond;
  }

 private:
  // Derivative of distance_weight h(distance - ideal), by the distance, divided by the distance.
  FLASHRNA_HOST_DEVICE static T slope(const PairTerm<T>& term, T distance, T ideal) {
    const T error = distance - ideal;
    return term.distance_weight * error / (std::sqrt(1 + error * error) * distance);
  }
};

// weight (|a - b| - distance)^2 summed over pairs of atoms a, b of a residue. Tables are on the device.
template <typename T>
struct RingTerm {
  std::int64_t count;
  const std::int64_t *slots, *other_slots;  // [count]
  const T* distances;                       // [count] Å
  T weight;

  // Gradient with respect to one atom of the residue [A, 3].
  FLASHRNA_HOST_DEVICE Vector3<T> gradient(std::int64_t atom, const T* residue) const {
    Vector3<T> sum{};
    for (std::int64_t n = 0; n < count; ++n) {
      const std::int64_t first = slots[n], second = other_slots[n];
      if (atom != first && atom != second) continue;
      const Vector3<T> apart = load3(residue + 3 * atom) - load3(residue + 3 * (atom == first ? second : first));
      const T length = std::sqrt(dot(apart, apart));
      sum = sum + (2 * weight * (length - distances[n]) / length) * apart;
    }
    return sum;
  }
};

}  // namespace flashrna
