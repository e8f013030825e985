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

std::vector<int> unit_partners(const std::string& text, const char* group) {
  return unit_of_copies(parse_dot_bracket(text, "test"), rotation_group(group), "test").partner;
}

TEST(UnitOfCopies, SeesPartnersInOtherCopiesFromTheFirst) {
  EXPECT_EQ(unit_partners("((((*))))", "C2"), (std::vector<int>{7, 6, 5, 4}));
  EXPECT_EQ(unit_partners("(?.*..)", "C2"), (std::vector<int>{5, kUnpaired, 3}));
  EXPECT_EQ(unit_partners("(?.*.?)", "C2"), (std::vector<int>{5, kUnspecified, 3}));
  // Residues 1 and 2 pair with 6 and 5 of the next copy: 6 + 5, 6 + 4; those with 2 and 1 of the one before, copy 3.
  const std::vector<int> ring = {11, 10, kUnpaired, kUnpaired, 13, 12};
  EXPECT_EQ(unit_partners("((....*....))", "C3"), ring);
  EXPECT_EQ(unit_partners("[[..((*))..{{*}}..]]", "C3"), (std::vector<int>{17, 16, -1, -1, 7, 6}));
  const SecondaryStructureRecord molecules =
      unit_of_copies(parse_dot_bracket("((&..*..&))", "test"), rotation_group("C2"), "test");
  EXPECT_EQ(molecules.molecule, (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(molecules.copies, 1);
}

TEST(UnitOfCopies, ReversesPartnersOfCopies) {
  for (const auto& [name, order] : every_group()) {
    const RotationGroup group = rotation_group(name);
    const int n = 7, copy = order > 3 ? 3 : 1;
    std::vector<int> unit = {copy * n + 4, kUnspecified, 6, kUnpaired, group.inverse(copy) * n, kUnpaired, 2};
    const std::vector<int> partner = partners_of_copies(unit, group);
    ASSERT_EQ(partner.size(), unit.size() * static_cast<std::size_t>(order));
    SecondaryStructureRecord whole{.partner = partner, .molecule = {}, .copies = order};
    for (int i = 0; i < n * order; ++i) whole.molecule.push_back(i / n);
    EXPECT_FALSE(find_partner_fault(partner, whole.molecule)) << name;
    EXPECT_EQ(unit_of_copies(whole, group, name).partner, unit) << name;
  }
}

TEST(UnitOfCopies, ErrorsNameTheNucleotide) {
  const auto message = [](const std::string& text, const char* group) {
    return message_of([&] { unit_partners(text, group); });
  };
  EXPECT_EQ(message("(((*)))", "C2"),
            "test: nucleotide 2 pairs with its own image in another copy; equal letters form no canonical pair");
  EXPECT_EQ(message("(..(*.).)", "C2"),
            "test: nucleotide 4 pairs with nucleotide 2 of copy 2, and with nucleotide 1 of copy 2 (copies as its own "
            "sees them)");
  EXPECT_EQ(message("..*..*..", "C2"), "test: writes 3 copies; C2 has 2");
}

}  // namespace
}  // namespace flashrna
