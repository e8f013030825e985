// The PTX of the fused kernels of invariant point attention, through their own launch code. The slow program runs
// longer chains.
#include <gtest/gtest.h>

#include "tests/ptx/fused_ipa_cases.h"

namespace flashrna::ptx {
namespace {

class FusedIpaPtx : public testing::TestWithParam<FusedIpaCase> {};

TEST_P(FusedIpaPtx, ForwardIsTheEmulators) {
  EXPECT_EQ(FusedIpaRun(GetParam(), FusedIpaRun::Direction::kForward).differences(), "");
}

TEST_P(FusedIpaPtx, BackwardIsTheEmulators) {
  EXPECT_EQ(FusedIpaRun(GetParam(), FusedIpaRun::Direction::kBackward).differences(), "");
}

constexpr auto kStrict = FusedPrecision::kStrict, kFast = FusedPrecision::kFast;

#if FLASHRNA_LONG_CHAINS
const auto kCases =
    testing::Values(FusedIpaCase{"a100", kSmallA100, {128, 8, 12, 2, 32}, 1, {1100}, kFast, false, false, 1},
                    FusedIpaCase{"a100_split", kA100, {128, 8, 12, 2, 32}, 1, {1100, 200}, kFast, true, true, 2},
                    FusedIpaCase{"small_tile", kSmallL40S, {128, 8, 12, 2, 32}, 1, {1100}, kStrict, false, false, 3},
                    FusedIpaCase{"h200", kSmallH200, {128, 8, 12, 2, 32}, 1, {1100}, kFast, false, false, 4},
                    FusedIpaCase{"h200_strict", kSmallH200, {128, 8, 12, 0, 0}, 1, {1100}, kStrict, true, false, 5},
                    FusedIpaCase{"h200_split", kH200, {128, 8, 12, 2, 32}, 1, {1100, 200}, kFast, true, true, 6});
#else
const auto kCases = testing::Values(
    FusedIpaCase{"a100", kSmallA100, {128, 8, 12, 2, 32}, 1, {140, 0, 1}, kFast, false, false, 0},
    FusedIpaCase{"a100_strict_masked", kA100, {100, 8, 12, 3, 20}, 1, {70, 33}, kStrict, true, false, 1},
    FusedIpaCase{"a100_small_heads", kSmallA100, {24, 8, 12, 2, 8}, 2, {130, 1}, kFast, false, false, 2},
    FusedIpaCase{"a100_without_pair", kSmallA100, {32, 8, 12, 0, 0}, 1, {70, 90}, kFast, true, false, 3},
    FusedIpaCase{"small_tile", kSmallL40S, {128, 8, 12, 2, 32}, 1, {75, 0, 1}, kFast, false, false, 4},
    FusedIpaCase{"small_tile_strict", kSmallL40S, {16, 8, 12, 4, 8}, 1, {97}, kStrict, false, false, 5},
    FusedIpaCase{"a100_split", kA100, {32, 8, 12, 2, 16}, 1, {330, 3, 0}, kFast, true, true, 9},
    FusedIpaCase{"h200_split", kH200, {128, 8, 12, 2, 32}, 1, {390, 5}, kStrict, false, true, 10},
    FusedIpaCase{"h200", kSmallH200, {128, 8, 12, 2, 32}, 1, {200, 0, 1}, kFast, false, false, 0},
    FusedIpaCase{"h200_late", kSmallH200, {128, 8, 12, 2, 32}, 1, {210, 96}, kFast, true, false, 6},
    FusedIpaCase{"h200_strict", kSmallH200, {48, 8, 12, 8, 8}, 1, {130, 97}, kStrict, false, false, 7},
    FusedIpaCase{"h200_without_pair", kSmallH200, {128, 8, 12, 0, 0}, 1, {100, 40}, kFast, true, false, 8});
#endif

INSTANTIATE_TEST_SUITE_P(Cases, FusedIpaPtx, kCases,
                         [](const testing::TestParamInfo<FusedIpaCase>& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace flashrna::ptx
