// How a rigid motion changes the fused kernel's output, in the emulator: only by rounding, within the stated limits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_scene.h"
#include "tests/kernels/published_layout.h"

namespace flashrna {
namespace {

using fused_ipa::HeadSize;

constexpr HeadSize kDefaultSize{128, 8, 12, 2, 32};
constexpr int kHeads = 8;

// Rows distributed over the chain and over all positions in a tile.
std::vector<int> spread_rows(int n, int L) {
  std::vector<int> rows;
  for (int i = 0; i < n; ++i) rows.push_back((2 * i + 1) * L / (2 * n) + i % 7);
  return rows;
}

// Largest and root mean square difference over the chosen rows.
struct Difference {
  double largest = 0.0, rms = 0.0;
};

class DifferenceSum {
 public:
  void add(const std::vector<float>& a, const std::vector<float>& b, const std::vector<int>& rows, std::size_t width) {
    for (const int row : rows) {
      for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
        const double d = std::abs(static_cast<double>(a[i]) - b[i]);
        largest_ = std::isnan(d) ? INFINITY : std::max(largest_, d);
        square_ += d * d;
        ++n_;
      }
    }
  }
  Difference difference() const { return {largest_, std::sqrt(square_ / static_cast<double>(n_))}; }

 private:
  double largest_ = 0.0, square_ = 0.0;
  std::int64_t n_ = 0;
};

struct Change {
  Difference scalars, points;  // points in nm
};

// The change of the chosen rows by three motions, compared with the chain centered at the origin.
template <typename Attention>
Change change_by_motion(FusedIpaScene& scene, double distance, const std::vector<int>& rows,
                        const Attention& attention) {
  const fused_ipa::Arguments& in = scene.moved({});
  FusedIpaResult before(in), after(in);
  attention(in, before.pointers());
  DifferenceSum scalars, points;
  for (int motion = 0; motion < 3; ++motion) {
    attention(scene.moved(random_motion(motion, distance)), after.pointers());
    scalars.add(before.scalars, after.scalars, rows, kHeads * kDefaultSize.C);
    points.add(before.points, after.points, rows, kHeads * kDefaultSize.P_v * 3);
  }
  return {scalars.difference(), points.difference()};
}

void print(const std::string& name, const Change& c) {
  std::printf("  %s: scalars %.1e (rms %.1e), points %.1e (rms %.1e) nm\n", name.c_str(), c.scalars.largest,
              c.scalars.rms, c.points.largest, c.points.rms);
}

struct Scene {
  const char* name;
  int L, rows;                          // residues, query rows per head
  double radius_of_gyration, distance;  // nm
};

struct Mode {
  const char* name;
  EmulatorOptions options;
  double largest, rms;  // allowed
};

constexpr double kFastLargest = 5e-4, kFastRms = 2e-5, kStrictLargest = 2e-5, kStrictRms = 3e-6;

struct Case {
  Scene scene;
  Mode mode;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.mode.name << ", " << c.scene.name; }

std::string name_of(const testing::TestParamInfo<Case>& test) {
  return std::string(test.param.mode.name) + "_" + test.param.scene.name;
}

std::vector<Case> cases_of(const std::vector<Scene>& scenes, const std::vector<Mode>& modes) {
  std::vector<Case> cases;
  for (const Scene& scene : scenes) {
    for (const Mode& mode : modes) cases.push_back({scene, mode});
  }
  return cases;
}

class FusedIpaInvariance : public testing::TestWithParam<Case> {};

TEST_P(FusedIpaInvariance, RigidMotionChangesOutputByRoundingOnly) {
  const auto& [where, mode] = GetParam();
  FusedIpaScene scene(kDefaultSize, kHeads, where.L, where.radius_of_gyration, 7);
  EmulatorOptions options = mode.options;
  options.rows = spread_rows(where.rows, where.L);
  const Change change = change_by_motion(
      scene, where.distance, options.rows,
      [&](const fused_ipa::Arguments& in, const fused_ipa::Outputs& out) { emulate_forward(in, options, out); });
  print(std::string(mode.name) + ", " + where.name, change);
  for (const Difference& d : {change.scalars, change.points}) {
    EXPECT_LE(d.largest, mode.largest);
    EXPECT_LE(d.rms, mode.rms);
  }
}

EmulatorOptions options_of(fused_ipa::Tile tile, bool strict, Accumulation accumulation) {
  EmulatorOptions options;
  options.tile = tile;
  options.strict = strict;
  options.accumulation = accumulation;
  return options;
}

const Mode kFast24{"fast_24_bits", options_of(fused_ipa::kForwardTileSm90, false, Accumulation::k24Bits), kFastLargest,
                   kFastRms};
[[maybe_unused]] const Mode kFast26{
    "fast_26_bits", options_of(fused_ipa::kForwardTileSm90, false, Accumulation::k26Bits), kFastLargest, kFastRms};
const Mode kStrict24{"strict_24_bits", options_of(fused_ipa::kForwardTileSm90, true, Accumulation::k24Bits),
                     kStrictLargest, kStrictRms};
const Mode kStrict26{"strict_26_bits", options_of(fused_ipa::kForwardTileSm90, true, Accumulation::k26Bits),
                     kStrictLargest, kStrictRms};

// Radius of gyration of a chain of 100 residues, and of a ribosome. The slow program uses more rows, longer chains and
// the tiles of other devices.
#if FLASHRNA_SLOW_SCENES
const std::vector<Case> kCases =
    cases_of({{"small_5_nm_away", 4096, 128, 2.3, 5.0}, {"large_20_nm_away", 4096, 128, 8.0, 20.0}},
             {kFast24,
              kFast26,
              kStrict24,
              kStrict26,
              {"sm80_fast_24_bits", options_of(fused_ipa::kForwardTileSm80, false, Accumulation::k24Bits), kFastLargest,
               kFastRms},
              {"sm80_strict_24_bits", options_of(fused_ipa::kForwardTileSm80, true, Accumulation::k24Bits),
               kStrictLargest, kStrictRms},
              {"sm86_fast_24_bits", options_of(fused_ipa::kForwardTileSmallSm80, false, Accumulation::k24Bits),
               kFastLargest, kFastRms},
              {"sm86_strict_24_bits", options_of(fused_ipa::kForwardTileSmallSm80, true, Accumulation::k24Bits),
               kStrictLargest, kStrictRms}});
#else
const std::vector<Case> kCases = cases_of({{"small_5_nm_away", 2048, 32, 2.3, 5.0},
                                           {"large_centered", 2048, 32, 8.0, 0.0},
                                           {"large_20_nm_away", 2048, 32, 8.0, 20.0}},
                                          {kFast24, kStrict24, kStrict26});
#endif

INSTANTIATE_TEST_SUITE_P(Scenes, FusedIpaInvariance, testing::ValuesIn(kCases), name_of);

#if !FLASHRNA_SLOW_SCENES
TEST(FusedIpaPrecision, StrictLosesNothingWhereTheKeysAreSplit) {
  FusedIpaScene scene(kDefaultSize, kHeads, 2048, 8.0, 7);
  EmulatorOptions options = kStrict24.options;
  options.rows = spread_rows(32, 2048);
  const auto with_parts = [&](int parts) {
    options.parts = parts;
    const Change change = change_by_motion(
        scene, 20.0, options.rows,
        [&](const fused_ipa::Arguments& in, const fused_ipa::Outputs& out) { emulate_forward(in, options, out); });
    print(std::to_string(parts) + (parts == 1 ? " part" : " parts"), change);
    return change;
  };
  const Change whole = with_parts(1);
  for (const int parts : {2, 8}) {
    const Change split = with_parts(parts);
    EXPECT_LE(split.scalars.largest, 1.5 * whole.scalars.largest);
    EXPECT_LE(split.points.largest, 1.5 * whole.points.largest);
    EXPECT_LE(split.scalars.rms, 1.5 * whole.scalars.rms);
    EXPECT_LE(split.points.rms, 1.5 * whole.points.rms);
  }
}

TEST(FusedIpaPrecision, FastIsAHundredTimesBelowThePublishedLayoutAtTheSizeOfARibosome) {
  FusedIpaScene scene(kDefaultSize, kHeads, 2048, 8.0, 7);
  EmulatorOptions options = kFast24.options;
  options.rows = spread_rows(32, 2048);
  const Change ours = change_by_motion(
      scene, 20.0, options.rows,
      [&](const fused_ipa::Arguments& in, const fused_ipa::Outputs& out) { emulate_forward(in, options, out); });
  const Change published =
      change_by_motion(scene, 20.0, options.rows, [&](const fused_ipa::Arguments& in, const fused_ipa::Outputs& out) {
        emulate_published_layout(in, options.rows, out);
      });
  print("fast", ours);
  print("published layout in bf16", published);
  EXPECT_GE(published.scalars.largest, 100 * ours.scalars.largest);
  EXPECT_GE(published.points.largest, 100 * ours.points.largest);
  EXPECT_GE(published.scalars.rms, 100 * ours.scalars.rms);
  EXPECT_GE(published.points.rms, 100 * ours.points.rms);
}

#endif

}  // namespace
}  // namespace flashrna
