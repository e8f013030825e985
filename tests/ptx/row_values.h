// Values for tests of kernels with one warp per row, and comparison of results with those on the host.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/ptx/device.h"

namespace flashrna::ptx {

// Starts from a fresh device; afterwards nothing may have been found in memory accesses, races and synchronization.
class RowKernelTest : public testing::Test {
 protected:
  void SetUp() override {
    Device::get().properties = {};
    Device::get().options = {};
    Device::get().findings.clear();
  }
  void TearDown() override { EXPECT_EQ(Device::get().findings.text(), ""); }
};

template <typename T>
std::vector<T> waves(std::int64_t n, double phase, double size = 1.0) {
  std::vector<T> all(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<T>(size * std::sin(1.37 * static_cast<double>(i) + phase));
  return all;
}

// A flag per element; std::vector<bool> has no data().
using Flags = std::vector<char>;
inline const bool* as_bool(const Flags& flags) { return reinterpret_cast<const bool*>(flags.data()); }

// Turns about z, then about x: [n, 3, 3].
template <typename T>
std::vector<T> turns(std::int64_t n) {
  std::vector<T> all;
  for (std::int64_t i = 0; i < n; ++i) {
    const double a = 0.7 * static_cast<double>(i), b = 1.9 * static_cast<double>(i) + 0.3;
    const double ca = std::cos(a), sa = std::sin(a), cb = std::cos(b), sb = std::sin(b);
    for (const double x : {ca, -sa, 0.0, cb * sa, cb * ca, -sb, sb * sa, sb * ca, cb}) all.push_back(static_cast<T>(x));
  }
  return all;
}

// `additions` numbers up to the largest one are summed.
template <typename T>
void expect_near(const std::vector<T>& got, const std::vector<double>& expected, int additions, const char* name) {
  double largest = 0.0;
  for (const double x : expected) largest = std::max(largest, std::fabs(x));
  const double allowed = additions * static_cast<double>(std::numeric_limits<T>::epsilon()) * largest;
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(static_cast<double>(got[i]), expected[i], allowed) << name << " at flat index " << i;
}

template <typename T>
std::vector<double> in_f64(const std::vector<T>& x) {
  return {x.begin(), x.end()};
}

}  // namespace flashrna::ptx
