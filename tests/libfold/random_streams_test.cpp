#include "libfold/random_streams.h"

#include <ATen/ATen.h>
#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <set>

namespace flashrna {
namespace {

// Known-answer tests for philox4x32-10 from Random123's kat_vectors.
TEST(RandomStream, PhiloxGivesThePublishedKnownAnswers) {
  using Philox = r123::Philox4x32;
  struct Case {
    Philox::ctr_type counter;
    Philox::key_type key;
    Philox::ctr_type expected;
  };
  const Case cases[] = {
      {{{0, 0, 0, 0}}, {{0, 0}}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
      {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
       {{0xffffffff, 0xffffffff}},
       {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       {{0xa4093822, 0x299f31d0}},
       {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
  };
  for (const Case& c : cases) EXPECT_EQ(Philox()(c.counter, c.key), c.expected);
  RandomStream stream = RandomStream::with_key(0);
  for (const std::uint32_t word : cases[0].expected) EXPECT_EQ(stream.next_u32(), word);
}

TEST(RandomStream, DrawNIsWordNMod4OfBlockNDiv4) {
  const std::uint64_t key = 0x299f31d0a4093822u, block = 0x123456789au;
  RandomStream stream = RandomStream::with_key(key);
  stream.seek(4 * block + 1);
  const auto words = r123::Philox4x32()({{0x3456789a, 0x12, 0, 0}}, {{0xa4093822, 0x299f31d0}});
  EXPECT_EQ(stream.next_u32(), words[1]);
  EXPECT_EQ(stream.next_u32(), words[2]);
  EXPECT_EQ(stream.position(), 4 * block + 3);
}

// Fixed values: a change of the hash or of the draws would silently change every run.
TEST(RandomStream, ValuesArePinned) {
  RandomStream stream(42, "corrupt", {7});
  EXPECT_EQ(stream_key(42, "corrupt", {7}), 0x36a9dc9a7a8d29b6u);
  EXPECT_EQ(stream.next_u32(), 473490953u);
  stream.seek(0);
  EXPECT_DOUBLE_EQ(stream.uniform(), 0.44426013508584428);
  stream.seek(0);
  EXPECT_NEAR(stream.normal(), 0.5492750659934772, 1e-15);
  EXPECT_EQ(RandomStream(42, "corrupt", {7}).below(1000), 249u);
}

TEST(RandomStream, SeedPurposeAndIndicesEachMakeAnotherStream) {
  std::set<std::uint64_t> keys;
  int streams = 0;
  for (const std::uint64_t seed : {0u, 1u, 2u}) {
    for (const char* purpose : {"", "a", "b", "sample", "epoch"}) {
      keys.insert(stream_key(seed, purpose, {}));
      ++streams;
      for (std::uint64_t i = 0; i < 20; ++i) {
        keys.insert(stream_key(seed, purpose, {i}));
        ++streams;
        for (std::uint64_t j = 0; j < 20; ++j) {
          keys.insert(stream_key(seed, purpose, {i, j}));
          ++streams;
        }
      }
    }
  }
  EXPECT_EQ(keys.size(), static_cast<std::size_t>(streams));
}

TEST(RandomStream, PositionIsTheWholeState) {
  RandomStream stream(3, "state");
  stream.normal({11});
  const std::uint64_t position = stream.position();
  const at::Tensor ahead = stream.uniform({5});
  RandomStream resumed(3, "state");
  resumed.seek(position);
  EXPECT_TRUE(at::equal(resumed.uniform({5}), ahead));
}

TEST(RandomStream, MomentsAreThoseOfTheDistributions) {
  RandomStream stream(11, "moments");
  const int64_t n = 1000000;
  const at::Tensor normals = stream.normal({n}), uniforms = stream.uniform({n});
  const auto mean = [](const at::Tensor& x) { return x.mean().item<double>(); };
  // Five standard errors each.
  EXPECT_NEAR(mean(normals), 0.0, 5e-3);
  EXPECT_NEAR(mean(normals.square()), 1.0, 5 * 1.4142e-3);
  EXPECT_NEAR(mean(normals.pow(3)), 0.0, 5 * 3.873e-3);
  EXPECT_NEAR(mean(normals.pow(4)), 3.0, 5 * 9.798e-3);
  EXPECT_NEAR(mean(normals.slice(0, 0, n, 2) * normals.slice(0, 1, n, 2)), 0.0, 5 * 1.4142e-3);
  EXPECT_NEAR(mean(uniforms), 0.5, 5 * 2.887e-4);
  EXPECT_NEAR(mean(uniforms.square()), 1.0 / 3, 5 * 2.981e-4);
  EXPECT_GT(uniforms.min().item<double>(), 0.0);
  EXPECT_LT(uniforms.max().item<double>(), 1.0);
}

TEST(RandomStream, BelowIsUniformOverItsRange) {
  RandomStream stream(5, "below");
  const int64_t n = 7, draws = 70000;
  std::vector<int64_t> counts(n);
  for (int64_t i = 0; i < draws; ++i) ++counts.at(stream.below(n));
  double chi_squared = 0.0;
  for (const int64_t count : counts) chi_squared += (count - 10000.0) * (count - 10000.0) / 10000.0;
  EXPECT_LT(chi_squared, 22.5);  // 6 degrees of freedom, p = 0.001
  // A range with a remainder of half of 2^64: without rejection, the lower third would be twice as likely.
  const std::uint64_t range = 3 * (std::uint64_t{1} << 62);
  int lower = 0;
  for (int i = 0; i < 9000; ++i) lower += stream.below(range) < range / 3 ? 1 : 0;
  EXPECT_NEAR(lower, 3000, 5 * 44.7);
  EXPECT_THROW(stream.below(0), c10::Error);
}

}  // namespace
}  // namespace flashrna
