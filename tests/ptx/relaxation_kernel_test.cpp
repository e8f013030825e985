// The PTX of the rounds of a relaxation and of steric moves, through their own launch code, against the same rows on
// the host in f64.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "kernels/relaxation/relaxation_rows.h"
#include "kernels/steric_overlap/steric_move_row.h"
#include "tests/ptx/device_array.h"
#include "tests/ptx/row_values.h"

namespace flashrna::ptx {
namespace {

template <typename T>
class RelaxationPtx : public RowKernelTest {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RelaxationPtx, Types);

// Two units of different lengths, each beside a copy, of residues with three torsions and an apex.
struct Scene {
  static constexpr std::int64_t kB = 2, kL = 6, kCopies = 2, kN = kCopies * kL, kA = 7, kGroups = 4, kNeighbors = 5;
  static constexpr std::int64_t kV = 6 + kGroups - 1;

  std::vector<std::int64_t> lengths{6, 4}, parent{-1, 0, 1, 0}, level{0, 1, 2, 1}, group{0, 0, 1, 2, 3, -1, 0};
  std::vector<std::int64_t> moved{0b1011111, 0b0001100, 0b0001000, 0b0010000};
  std::vector<std::int64_t> ring{2, 4}, other_of_ring{3, 6};
  std::vector<std::int64_t> index, nearest, partner;
  Flags fixed;

  Scene() {
    for (std::int64_t b = 0; b < kB; ++b) {
      const std::int64_t n = lengths[static_cast<std::size_t>(b)], all = kCopies * n;
      for (std::int64_t i = 0; i < kL; ++i) fixed.push_back(i == 3);
      for (std::int64_t row = 0; row < kN; ++row) {
        index.push_back(row % n + 100 * (row / n) + (row % n > 2 ? 3 : 0));
        // Residue 0 of a copy pairs with the last one of the other.
        const std::int64_t i = row % n, there = (row / n + 1) % kCopies * n;
        partner.push_back(row < all && i == 0 ? there + n - 1 : row < all && i == n - 1 ? there : -1);
        for (std::int64_t k = 0; k < kNeighbors; ++k)
          nearest.push_back(row < all && k < kNeighbors - row % 2 ? (row + k + 1) % all : -1);
      }
    }
  }
};

// Numbers of a scene, and its results.
template <typename T>
struct Values {
  std::vector<T> to_parent, position = waves<T>(3 * Scene::kA, 0.7, 1.5), limits;
  std::vector<T> ring_distances{T(2), T(2.5)};
  std::vector<T> rotations = turns<T>(Scene::kB * Scene::kL), copy_rotations{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::vector<T> translations = waves<T>(Scene::kB * Scene::kL * 3, 0.3, 4.0);
  std::vector<T> torsions = waves<T>(Scene::kB * Scene::kL * (Scene::kGroups - 1) * 2, 0.9);
  std::vector<T> moves = waves<T>(Scene::kB * Scene::kL * Scene::kV, 0.2, 1.3);
  std::vector<T> first = waves<T>(Scene::kB * Scene::kL * Scene::kV, 0.4, 0.5), second;
  std::vector<T> axes = std::vector<T>(Scene::kB * Scene::kL * Scene::kGroups * kAxis);
  std::vector<T> arms = std::vector<T>(Scene::kB * Scene::kL * Scene::kA * 3);
  std::vector<T> atoms = std::vector<T>(Scene::kB * Scene::kN * Scene::kA * 3), next_atoms = atoms;
  std::vector<T> origins = std::vector<T>(Scene::kB * Scene::kN * 3);

  Values() {
    const std::vector<T> turned = turns<T>(Scene::kGroups), shifts = waves<T>(3 * Scene::kGroups, 0.1, 1.4);
    for (std::int64_t g = 0; g < Scene::kGroups; ++g) {
      to_parent.insert(to_parent.end(), turned.begin() + 9 * g, turned.begin() + 9 * (g + 1));
      to_parent.insert(to_parent.end(), shifts.begin() + 3 * g, shifts.begin() + 3 * (g + 1));
    }
    const std::vector<T> halves = {-1, 0, 0, 0, -1, 0, 0, 0, 1};
    copy_rotations.insert(copy_rotations.end(), halves.begin(), halves.end());
    for (std::int64_t i = 0; i < 3 * Scene::kA * Scene::kA; ++i)
      limits.push_back(i % 7 == 3 ? T(-1) : static_cast<T>(3.5 + 0.1 * static_cast<double>(i % 5)));
    for (const T x : first) second.push_back(x * x + T(0.1));
  }
};

// Rows of a scene; in(values) and out(values) say where values are.
template <typename T, typename In, typename Out>
RelaxationRows<T> rows_of(const Scene& s, Values<T>& v, In& in, Out& out) {
  const RigidGroups<T> groups{Scene::kA,
                              Scene::kGroups,
                              3,
                              in(s.parent),
                              in(s.level),
                              in(s.moved),
                              in(s.group),
                              in(v.to_parent),
                              in(v.position),
                              5,
                              2,
                              1,
                              3,
                              T(0.7),
                              T(0.9)};
  const StericRows<T> overlap{Scene::kB, Scene::kN,   Scene::kA,     Scene::kNeighbors, out(v.atoms),
                              nullptr,   in(s.index), in(s.nearest), in(v.limits),      T(3.9),
                              0,         nullptr,     nullptr};
  return {.B = Scene::kB,
          .L = Scene::kL,
          .copies = Scene::kCopies,
          .residue = groups,
          .overlap = overlap,
          .link = {1, 3, 0, 4, T(1.6), T(-0.5), T(-0.3), T(10), T(5)},
          .pair = {2, 6, T(10.5), T(8.9), T(0.57), T(0.9), T(-0.4), T(2), T(10), T(5)},
          .rings = {2, in(s.ring), in(s.other_of_ring), in(v.ring_distances), T(10)},
          .shift_weight = T(0.05),
          .turn_weight = T(0.5),
          // Large enough that a step is smooth where the gradient is nearly zero.
          .adam = {T(0.9), T(0.999), T(0.1), T(0.1), T(0.3)},
          .lengths = in(s.lengths),
          .fixed = reinterpret_cast<const bool*>(in(s.fixed)),
          .partner = in(s.partner),
          .rotations = in(v.rotations),
          .translations = in(v.translations),
          .torsions = in(v.torsions),
          .copy_rotations = in(v.copy_rotations),
          .moves = out(v.moves),
          .first_moment = out(v.first),
          .second_moment = out(v.second),
          .axes = out(v.axes),
          .arms = out(v.arms),
          .atoms = out(v.next_atoms),
          .origins = out(v.origins),
          .origin = 0};
}

// Places all residues, then a round from there: run(kind, rows) computes all rows.
template <typename T, typename Run>
void place_and_move(RelaxationRows<T> rows, const Run& run) {
  T* const first = const_cast<T*>(rows.overlap.atoms);
  T* const second = rows.atoms;
  rows.atoms = first, rows.overlap.atoms = second;
  run(RelaxationRowKind::kPlace, rows);
  rows.atoms = second, rows.overlap.atoms = first;
  run(RelaxationRowKind::kRound, rows);
}

Values<double> on_host(const Scene& scene) {
  Values<double> values;
  const auto in = [](const auto& x) { return x.data(); };
  const auto out = [](auto& x) { return x.data(); };
  place_and_move(rows_of(scene, values, in, out), [](RelaxationRowKind kind, const RelaxationRows<double>& rows) {
    relaxation_rows_cpu(kind, rows, 0, rows.B * rows.L);
  });
  return values;
}

template <typename T>
Values<T> on_device(const Scene& scene) {
  Values<T> values;
  DeviceCopies copies;
  DeviceResults<T> results;
  place_and_move(rows_of(scene, values, copies, results),
                 [](RelaxationRowKind kind, const RelaxationRows<T>& rows) { relaxation_rows_cuda(kind, rows, {}); });
  results.fetch();
  return values;
}

TYPED_TEST(RelaxationPtx, RoundIsThatOfTheHostInF64) {
  const Scene scene;
  const Values<double> expected = on_host(scene);
  const Values<TypeParam> got = on_device<TypeParam>(scene);
  // A torque sums over the pairs of all atoms, with arms and forces of many roundings each.
  const int additions = static_cast<int>(4 * Scene::kNeighbors * Scene::kA * Scene::kA);
  expect_near(got.first, expected.first, additions, "first moment");
  expect_near(got.second, expected.second, additions, "second moment");
  expect_near(got.moves, expected.moves, additions, "moves");
  expect_near(got.axes, expected.axes, additions, "axes");
  expect_near(got.arms, expected.arms, additions, "arms");
  expect_near(got.atoms, expected.atoms, 100, "atoms placed");
  expect_near(got.next_atoms, expected.next_atoms, additions, "atoms moved");
  expect_near(got.origins, expected.origins, additions, "origins");
  EXPECT_NE(got.moves, Values<TypeParam>().moves);
}

// Residues of the first copies alone, moved from `atoms` to `next_atoms`.
template <typename T, typename In, typename Out>
StericMoveRows<T> move_rows_of(const Scene& s, Values<T>& v, In& in, Out& out) {
  const RelaxationRows<T> rows = rows_of(s, v, in, out);
  return {.overlap = rows.overlap,
          .rate = T(0.02),
          .longest = T(0.3),
          .lengths = rows.lengths,
          .fixed = rows.fixed,
          .atoms = rows.atoms,
          .origins = rows.origins};
}

// A scene of which every row is a residue of its own, crowded.
struct MoveScene : Scene {
  MoveScene() {
    lengths = {kN, kN - 4};
    fixed = Flags(kB * kN, 0);
    for (std::size_t row = 0; row < fixed.size(); row += 5) fixed[row] = 1;
  }
};

template <typename T>
Values<T> crowded_values() {
  Values<T> values;
  values.atoms = waves<T>(std::ssize(values.atoms), 0.3, 3.0);
  return values;
}

TYPED_TEST(RelaxationPtx, StericMoveIsThatOfTheHostInF64) {
  const MoveScene scene;
  Values<double> expected = crowded_values<double>();
  const auto pointer = [](auto& x) { return x.data(); };
  const StericMoveRows<double> host = move_rows_of(scene, expected, pointer, pointer);
  steric_move_rows_cpu(host, 0, Scene::kB * Scene::kN);
  Values<TypeParam> got = crowded_values<TypeParam>();
  DeviceCopies copies;
  DeviceResults<TypeParam> results;
  steric_move_rows_cuda(move_rows_of(scene, got, copies, results), {});
  results.fetch();
  const int additions = static_cast<int>(Scene::kNeighbors * Scene::kA * Scene::kA);
  expect_near(got.next_atoms, expected.next_atoms, additions, "atoms");
  expect_near(got.origins, expected.origins, additions, "origins");
  EXPECT_NE(got.origins, crowded_values<TypeParam>().origins);
}

}  // namespace
}  // namespace flashrna::ptx
