// Operations whose lanes do not depend on each other, made of a function of one lane's values. A slot holds the bits of
// a value in its low bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "tests/ptx/kernel.h"
#include "tests/ptx/warp.h"

namespace flashrna::ptx {

template <typename T>
T value_of(std::uint64_t bits) {
  if constexpr (std::is_same_v<T, bool>) {
    return (bits & 1) != 0;
  } else {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
}

// Signed integers are extended, so that a wider register of a load holds the number.
template <typename T>
std::uint64_t bits_of(T value) {
  if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  } else {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
}

template <class F>
void for_lanes(std::uint32_t lanes, F f) {
  if (lanes == ~0u) {
    for (int lane = 0; lane < kLanes; ++lane) f(lane);
  } else {
    for (; lanes != 0; lanes &= lanes - 1) f(std::countr_zero(lanes));
  }
}

// d = f(a), d = f(a, b), d = f(a, b, c).
template <typename D, typename A, auto kF>
void unary(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  std::uint64_t* d = warp.result(in.operands[0].slot);
  const std::uint64_t* a = warp.values(in.operands[1].slot);
  for_lanes(lanes, [&](int i) { d[i] = bits_of<D>(kF(value_of<A>(a[i]))); });
}

template <typename D, typename A, typename B, auto kF>
void binary(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  std::uint64_t* d = warp.result(in.operands[0].slot);
  const std::uint64_t *a = warp.values(in.operands[1].slot), *b = warp.values(in.operands[2].slot);
  for_lanes(lanes, [&](int i) { d[i] = bits_of<D>(kF(value_of<A>(a[i]), value_of<B>(b[i]))); });
}

template <typename D, typename A, typename C, auto kF>
void ternary(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  std::uint64_t* d = warp.result(in.operands[0].slot);
  const std::uint64_t *a = warp.values(in.operands[1].slot), *b = warp.values(in.operands[2].slot),
                      *c = warp.values(in.operands[3].slot);
  for_lanes(lanes, [&](int i) { d[i] = bits_of<D>(kF(value_of<A>(a[i]), value_of<A>(b[i]), value_of<C>(c[i]))); });
}

}  // namespace flashrna::ptx
