// Uniform numbers for tests of rooms that know no random streams.
#pragma once

#include <cstdint>
#include <random>

#include "rna/pairs/length_distribution.h"

namespace flashrna {

inline Uniform test_uniform(std::uint64_t seed) {
  return [generator = std::mt19937_64(seed)]() mutable {
    return (static_cast<double>(generator() >> 12) + 0.5) * 0x1p-52;
  };
}

}  // namespace flashrna
