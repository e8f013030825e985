#include "libfold/symmetric_copies.h"

#include <gtest/gtest.h>

#include "libfold/flow/so3.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/symmetry.h"
#include "rna/assembly.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

const std::vector<int> kLengths = {5, 3};

SymmetricCopies copies_of(const std::string& group) {
  const RotationGroup rotations = rotation_group(group);
  return {rotations.rotations, rotations.product, kLengths, at::kCPU};
}

Tensor to_tensor(const Mat3& m) {
  Tensor t = at::empty({3, 3}, at::kDouble);
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column) t[row][column] = m(row, column);
  return t;
}

TEST(SymmetricCopies, FollowEachOtherWithoutPaddingInBetween) {
  const SymmetricCopies copies = copies_of("C3");
  const RotationGroup group = rotation_group("C3");
  const Tensor unit = RandomStream(1, "unit").normal({2, 5, 3}), all = copies.points(unit);
  EXPECT_TRUE(at::equal(copies.lengths(), at::tensor({15, 9}, at::kLong)));
  ASSERT_EQ(all.sizes(), (at::IntArrayRef{2, 15, 3}));
  for (int64_t b : {0, 1}) {
    const int64_t n = kLengths[static_cast<std::size_t>(b)];
    for (int64_t g = 0; g < 3; ++g) {
      const Tensor rotation = to_tensor(group.rotations[static_cast<std::size_t>(g)]);
      expect_close("copy", all[b].narrow(0, g * n, n), at::matmul(unit[b].narrow(0, 0, n), rotation.t()), 1e-14);
    }
  }
  EXPECT_EQ(all[1].narrow(0, 9, 6).abs().max().item<double>(), 0.0) << "padding";
  EXPECT_TRUE(at::equal(copies.mask().sum(1), copies.lengths()));
}

TEST(SymmetricCopies, MeansUndoTheCopying) {
  const SymmetricCopies copies = copies_of("D2");
  const Tensor real = at::arange(5).unsqueeze(0) < at::tensor({5, 3}).unsqueeze(1);
  const Tensor points = RandomStream(2, "points").normal({2, 5, 3}) * real.unsqueeze(2);
  const Tensor turns = so3_exp(RandomStream(2, "turns").normal({2, 5, 3}) * real.unsqueeze(2));
  const Tensor values = RandomStream(2, "values").normal({2, 5, 8, 2}) * real.view({2, 5, 1, 1});
  expect_close("points", copies.mean_points(copies.points(points)), points, 1e-14);
  expect_close("rotations", copies.mean_rotations(copies.rotations(turns)), turns, 1e-7);
  expect_close("values", copies.mean_values(copies.values(values)), values, 1e-14);
  // The mean of different copies is the mean of each rotated back.
  Tensor all = copies.points(points);
  all[0][5 + 2] += at::tensor({4.0, 0.0, 0.0}, at::kDouble);  // residue 2 of copy 1
  const Tensor shift = copies.mean_points(all)[0][2] - points[0][2];
  EXPECT_NEAR(shift.norm().item<double>(), 1.0, 1e-12);
}

TEST(SymmetricCopies, AreMoleculesOfTheirOwn) {
  const SymmetricCopies copies = copies_of("C2");
  const Tensor index = at::tensor({3, 4, 5, 9, 10, 0, 1, 2, 0, 0}, at::kLong).view({2, 5});
  const Tensor all = copies.residue_index(index);
  EXPECT_TRUE(at::equal(all[0], at::tensor({3, 4, 5, 9, 10, 211, 212, 213, 217, 218}, at::kLong)));
  EXPECT_EQ((all[1][3] - all[1][2]).item<int64_t>(), kChainJoin);
  const Tensor molecules = copies.molecules(at::tensor({0, 0, 1, 1, 1, 0, 0, 0, 0, 0}, at::kLong).view({2, 5}));
  EXPECT_TRUE(at::equal(molecules[0], at::tensor({0, 0, 1, 1, 1, 2, 2, 3, 3, 3}, at::kLong)));
  EXPECT_TRUE(at::equal(molecules[1].narrow(0, 0, 6), at::tensor({0, 0, 0, 1, 1, 1}, at::kLong)));
}

TEST(SymmetricCopies, PairsBetweenCopiesAreTheSameSeenFromEachCopy) {
  const RotationGroup group = rotation_group("D3");
  const SymmetricCopies copies = copies_of("D3");
  const int c = 1;
  const auto& row = group.product[c];
  const auto inverse = static_cast<int64_t>(std::find(row.begin(), row.end(), 0) - row.begin());
  ASSERT_NE(inverse, c) << "a rotation that is not its own inverse";
  // In the unit 0 pairs with 4, and 1 with residue 3 of copy c.
  Tensor unit = at::full({2, 5}, -1, at::kLong);
  unit[0][0] = 4, unit[0][4] = 0, unit[0][1] = c * 5 + 3, unit[0][3] = inverse * 5 + 1, unit[0][2] = -2;
  const Tensor all = copies.partner(unit);
  const int64_t n = 6 * 5;
  for (int64_t i = 0; i < n; ++i) {
    const auto j = all[0][i].item<int64_t>();
    if (i % 5 == 2) {
      EXPECT_EQ(j, -2);
      continue;
    }
    ASSERT_TRUE(j >= 0 && j < n) << i;
    EXPECT_EQ(all[0][j].item<int64_t>(), i) << "partner of the partner of " << i;
    EXPECT_EQ(j / 5 == i / 5, i % 5 == 0 || i % 5 == 4) << i;
  }
  EXPECT_EQ(all[1].max().item<int64_t>(), -1);
  // Distances of pairs are equal in all copies.
  const Tensor x = copies.points(RandomStream(3, "x").normal({2, 5, 3}))[0];
  const Tensor paired = (all[0] >= 0).nonzero().squeeze(1);
  const Tensor distance = (x.index_select(0, paired) - x.index_select(0, all[0].index_select(0, paired))).norm(2, 1);
  const Tensor by_copy = distance.view({6, 4});
  expect_close("distances", by_copy, by_copy[0].expand({6, 4}), 1e-12);
}

}  // namespace
}  // namespace flashrna
