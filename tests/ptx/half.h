// Half-precision numbers by their bits. Not the project's own conversions, which the kernels are tested with.
#pragma once

#include <cstdint>
#include <cstring>

namespace flashrna::ptx {

inline float float_from_half(std::uint16_t bits) {
  _Float16 half;
  std::memcpy(&half, &bits, sizeof(half));
  return static_cast<float>(half);
}

// Rounds to the nearest half, ties to even.
inline std::uint16_t half_from_float(float x) {
  const auto half = static_cast<_Float16>(x);
  std::uint16_t bits;
  std::memcpy(&bits, &half, sizeof(bits));
  return bits;
}

}  // namespace flashrna::ptx
