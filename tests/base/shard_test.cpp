#include "base/shard.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace flashrna {
namespace {

TEST(Shard, IsReadFromText) {
  EXPECT_TRUE(parse_shard("").whole());
  const Shard shard = parse_shard("3/16");
  EXPECT_EQ(shard.number, 3);
  EXPECT_EQ(shard.count, 16);
  EXPECT_EQ(shard.text(), "3/16");
  EXPECT_EQ(shard.file_name("samples", ".csv"), "samples.3-of-16.csv");
  EXPECT_EQ(Shard{}.file_name("samples", ".csv"), "samples.csv");
  for (const char* wrong : {"3", "0/2", "3/2", "a/2", "1/b", "1/2x", "1/", "/2", "-1/2"})
    EXPECT_THROW(parse_shard(wrong), UsageError) << wrong;
}

TEST(Shard, ShardsTakeEveryItemOnce) {
  for (int count = 1; count <= 5; ++count) {
    for (std::size_t i = 0; i < 12; ++i) {
      int takers = 0;
      for (int number = 1; number <= count; ++number) takers += Shard{number, count}.takes(i);
      EXPECT_EQ(takers, 1) << i << " of " << count;
    }
  }
}

}  // namespace
}  // namespace flashrna
