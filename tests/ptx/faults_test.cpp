// The test of the tests: each instruction of the kernels that orders memory is removed, one after the other, and must
// be found. FLASHRNA_ALL_FAULTS = 0 takes the first of each kind.
#include "tests/ptx/faults.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "tests/ptx/device.h"
#include "tests/ptx/fused_ipa_cases.h"

namespace flashrna::ptx {
namespace {

struct FaultyKernel {
  const char* name;
  std::vector<std::string> words;  // of its mangled name
  FusedIpaRun::Direction direction;
  FusedIpaCase c;
};

void PrintTo(const FaultyKernel& kernel, std::ostream* out) { *out << kernel.name; }

struct FaultKind {
  const char* name;
  const char* opcode;
  Change change;
};

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds = {
      {"no barrier", "bar.sync", removed},
      {"no barrier of the warp", "bar.warp.sync", removed},
      {"no wait for copies", "cp.async.wait_group", removed},
      {"one group of copies more under way", "cp.async.wait_group", last_operand_plus(1)},
      {"no bulk copy", "cp.async.bulk", removed},
      {"a barrier that counts one thread more", "mbarrier.init", last_operand_plus(1)},
      {"a barrier that counts one thread less", "mbarrier.init", last_operand_plus(-1)},
      {"a barrier that expects more bytes", "mbarrier.arrive.expect_tx", last_operand_plus(16)},
      {"no arrival", "mbarrier.arrive", removed},
      {"a wait that does not wait", "bra again", removed},
      {"no fence of products", "wgmma.fence", removed},
      {"products that are not committed", "wgmma.commit_group", removed},
      {"no wait for products", "wgmma.wait_group", removed},
      {"no fence of the async proxy", "fence.proxy.async;", removed},
      {"a transposed operand that is not", "wgmma.mma_async", with_replaced("1;", "0;")},
      {"an operand that is transposed", "wgmma.mma_async", with_replaced("0;", "1;")},
      {"a matrix that is not transposed", "ldmatrix.sync.aligned.m8n8.x4.trans", with_replaced(".trans", "")},
      {"a matrix that is transposed", "ldmatrix.sync.aligned.m8n8.x4.shared",
       with_replaced(".shared", ".trans.shared")},
      {"more registers than there are", "setmaxnreg.inc", with_replaced("240;", "248;")},
  };
  return kinds;
}

// Faults without effect.
struct Harmless {
  const char* kernel;
  const char* kind;
  int number;
};

bool is_harmless(const std::string& kernel, const std::string& kind, int number) {
  static constexpr Harmless kHarmless[] = {
      // After the last tile only empty groups are under way.
      {"forward", "no wait for copies", 2},
      {"queries", "no wait for copies", 2},
      // In the loop, the release of the keys and the release of the values follow each other, and both synchronize the
      // warp. What the first guards is reloaded only after the second.
      {"forward_sm90", "no barrier of the warp", 1},
      {"forward_sm90", "no barrier of the warp", 2},
      // Keys of stage 1 are reloaded after the values of the tile before them, which all warps release later.
      {"forward_sm90", "a barrier that counts one thread less", 8},
      // The stages of values and keys are read by products alone, for which the warp waits as a whole.
      {"queries_sm90", "no barrier of the warp", 0},
      // No register changes between the fence of the logits and that of dP.
      {"queries_sm90", "no fence of products", 1},
  };
  return std::any_of(std::begin(kHarmless), std::end(kHarmless), [&](const Harmless& fault) {
    return kernel == fault.kernel && kind == fault.kind && number == fault.number;
  });
}

class SeededFaults : public testing::TestWithParam<FaultyKernel> {};

TEST_P(SeededFaults, AreFound) {
  const FaultyKernel& kernel = GetParam();
  const FusedIpaRun run(kernel.c, kernel.direction);
  ASSERT_EQ(run.differences(), "");
  for (const FaultKind& kind : fault_kinds()) {
    for (int occurrence = 0; occurrence < (FLASHRNA_ALL_FAULTS ? 1000 : 1); ++occurrence) {
      const auto found_with = [&](const Change& change, bool& is_there) {
        const Device::ScopedEdit edit(
            kernel.words, [&](const std::string& body) { return with_fault(body, kind.opcode, occurrence, change); });
        const std::string found = run.differences();
        is_there = edit.count() > 0;
        return !found.empty();
      };
      bool is_there = false;
      const bool is_found = found_with(kind.change, is_there);
      if (!is_there) break;
      if (is_harmless(kernel.name, kind.name, occurrence)) continue;
      // Statements that this case does not execute do not count.
      EXPECT_TRUE(is_found || !found_with(trapped, is_there)) << kind.name << ", number " << occurrence;
    }
  }
}

constexpr auto kFast = FusedPrecision::kFast;
constexpr auto kForward = FusedIpaRun::Direction::kForward, kBackward = FusedIpaRun::Direction::kBackward;
// Each kernel goes through its loop several times, so that buffers are used again.
#if FLASHRNA_ALL_FAULTS
// Full tiles, so that all operands matter.
const FusedIpaCase kOnA100{"a100", kSmallA100, {32, 8, 12, 8, 4}, 1, {192}, kFast, false, false, 0};
const FusedIpaCase kOnH200{"h200", kSmallH200, {128, 8, 12, 8, 8}, 1, {480}, kFast, false, false, 0};
#else
const FusedIpaCase kOnA100{"a100", kSmallA100, {32, 8, 12, 8, 4}, 1, {130}, kFast, false, false, 0};
const FusedIpaCase kOnH200{"h200", kSmallH200, {128, 8, 12, 8, 8}, 1, {250}, kFast, false, false, 0};
#endif

INSTANTIATE_TEST_SUITE_P(
    Kernels, SeededFaults,
    testing::Values(FaultyKernel{"forward", {"7forwardI", "13ForwardKernel"}, kForward, kOnA100},
                    FaultyKernel{"forward_sm90", {"7forwardI", "17ForwardKernelSm90"}, kForward, kOnH200},
                    FaultyKernel{"queries", {"8backwardI", "19QueryGradientKernel"}, kBackward, kOnA100},
                    FaultyKernel{"queries_sm90", {"8backwardI", "23QueryGradientKernelSm90"}, kBackward, kOnH200},
                    FaultyKernel{"keys", {"8backwardI", "17KeyGradientKernel"}, kBackward, kOnA100},
                    FaultyKernel{"keys_sm90", {"8backwardI", "21KeyGradientKernelSm90"}, kBackward, kOnH200},
                    FaultyKernel{"lift_queries", {"12lift_queriesI"}, kForward, kOnA100},
                    FaultyKernel{"lift_keys", {"9lift_keysI"}, kForward, kOnA100},
                    FaultyKernel{"centroids", {"18backward_centroids"}, kBackward, kOnA100},
                    FaultyKernel{"lift_gradients", {"18backward_gradientsI"}, kBackward, kOnA100},
                    FaultyKernel{"point_weights", {"16backward_weights"}, kBackward, kOnA100}),
    [](const testing::TestParamInfo<FaultyKernel>& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace flashrna::ptx
