#include "libfold/sampling/symmetry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <set>

#include "base/error.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

struct GroupCase {
  std::string name;
  int order;
};

std::vector<GroupCase> every_group() {
  std::vector<GroupCase> groups = {{"T", 12}, {"O", 24}, {"I", 60}};
  for (int n = 2; n <= 12; ++n) groups.push_back({fmt::format("C{}", n), n});
  for (int n = 2; n <= 6; ++n) groups.push_back({fmt::format("D{}", n), 2 * n});
  return groups;
}

TEST(RotationGroup, HasItsOrderAndIsClosed) {
  for (const auto& [name, order] : every_group()) {
    const RotationGroup group = rotation_group(name);
    ASSERT_EQ(group.order(), order) << name;
    EXPECT_TRUE(group.rotations.front().isIdentity()) << name;
    for (int a = 0; a < order; ++a) {
      const Mat3& rotation = group.rotations[static_cast<std::size_t>(a)];
      EXPECT_LE((rotation.transpose() * rotation - Mat3::Identity()).cwiseAbs().maxCoeff(), 1e-12) << name;
      EXPECT_NEAR(rotation.determinant(), 1.0, 1e-12) << name << ": a reflection";
      std::set<int> row;
      for (int b = 0; b < order; ++b) {
        const int product = group.product[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
        ASSERT_TRUE(product >= 0 && product < order) << name << " is not closed";
        const Mat3 expected = rotation * group.rotations[static_cast<std::size_t>(b)];
        EXPECT_LE((expected - group.rotations[static_cast<std::size_t>(product)]).cwiseAbs().maxCoeff(), 1e-9) << name;
        row.insert(product);
      }
      EXPECT_EQ(static_cast<int>(row.size()), order) << name << ": a product occurs twice";
    }
  }
}

TEST(RotationGroup, OfACyclicGroupTurnsAboutZ) {
  for (const Mat3& rotation : rotation_group("C7").rotations)
    EXPECT_LE((rotation * Vec3::UnitZ() - Vec3::UnitZ()).norm(), 1e-14);
  EXPECT_TRUE(rotation_group("C7").is_cyclic());
  EXPECT_FALSE(rotation_group("D2").is_cyclic());
}

TEST(RotationGroup, OfAnotherNameIsAnErrorThatListsTheGroups) {
  for (const char* name : {"", "C", "C1", "C13", "D1", "D7", "C2x", "C02", "c3", "Y", "TT", "C-3"}) {
    EXPECT_THROW(rotation_group(name), UsageError) << name;
    const std::string message = message_of([&] { rotation_group(name); });
    EXPECT_NE(message.find("must be C2 to C12, D2 to D6, T, O or I"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace flashrna
