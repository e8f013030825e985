// cvt, and mov between registers of different sizes.
#include <cmath>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "tests/ptx/block.h"
#include "tests/ptx/half.h"
#include "tests/ptx/lane_operations.h"
#include "tests/ptx/operations.h"

namespace flashrna::ptx {
namespace {

template <typename From>
Operation integer_conversion(std::string_view to) {
  const auto of = []<typename To>(To) -> Operation {
    return unary<To, From, [](From a) { return static_cast<To>(a); }>;
  };
  if (to == "s16") return of(std::int16_t{});
  if (to == "u16") return of(std::uint16_t{});
  if (to == "s32") return of(std::int32_t{});
  if (to == "u32") return of(std::uint32_t{});
  if (to == "s64") return of(std::int64_t{});
  if (to == "u64") return of(std::uint64_t{});
  return nullptr;
}

// "TO.FROM" between integers.
Operation integer_conversion(std::string_view to, std::string_view from) {
  if (from == "s8") return integer_conversion<std::int8_t>(to);
  if (from == "u8") return integer_conversion<std::uint8_t>(to);
  if (from == "s16") return integer_conversion<std::int16_t>(to);
  if (from == "u16") return integer_conversion<std::uint16_t>(to);
  if (from == "s32") return integer_conversion<std::int32_t>(to);
  if (from == "u32") return integer_conversion<std::uint32_t>(to);
  if (from == "s64") return integer_conversion<std::int64_t>(to);
  if (from == "u64") return integer_conversion<std::uint64_t>(to);
  return nullptr;
}

template <typename From>
Operation to_float() {
  return unary<float, From, [](From a) { return static_cast<float>(a); }>;
}

// The parts of a pair, or the pair of two parts, in a register of twice the size.
template <typename Part, typename Whole>
void move_parts(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  constexpr int kBits = 8 * sizeof(Part);
  const Operand &to = in.operands[0], &from = in.operands[1];
  for_lanes(lanes, [&](int i) {
    if (to.kind == Operand::Kind::kVector) {
      const auto whole = value_of<Whole>(warp.values(from.slot)[i]);
      warp.result(to.elements[0])[i] = static_cast<Part>(whole);
      warp.result(to.elements[1])[i] = static_cast<Part>(whole >> kBits);
    } else if (from.kind == Operand::Kind::kVector) {
      const auto low = value_of<Part>(warp.values(from.elements[0])[i]),
                 high = value_of<Part>(warp.values(from.elements[1])[i]);
      warp.result(to.slot)[i] = static_cast<Whole>(static_cast<Whole>(high) << kBits | low);
    } else {
      warp.result(to.slot)[i] = value_of<Whole>(warp.values(from.slot)[i]);
    }
  });
}

// Time passes by one at every reading.
void read_clock(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  const std::uint64_t now = warp.block().read_clock();
  for_lanes(lanes, [&](int i) { warp.result(in.operands[0].slot)[i] = now; });
}

// 0 for a number that is none.
float saturated(float a) { return a > 1.0f ? 1.0f : a > 0.0f ? a : 0.0f; }

using U16 = std::uint16_t;

const std::unordered_map<std::string_view, Operation>& table() {
  static const std::unordered_map<std::string_view, Operation> kTable = {
      {"mov.b32", move_parts<std::uint16_t, std::uint32_t>},
      {"mov.b64", move_parts<std::uint32_t, std::uint64_t>},
      {"mov.clock64", read_clock},
      {"cvt.rn.f16.f32", unary<U16, float, [](float a) { return half_from_float(a); }>},
      {"cvt.f32.f16", unary<float, U16, [](U16 a) { return float_from_half(a); }>},
      {"cvt.rn.f16x2.f32", binary<std::uint32_t, float, float,
                                  [](float high, float low) {
                                    return static_cast<std::uint32_t>(half_from_float(high)) << 16 |
                                           half_from_float(low);
                                  }>},
      {"cvt.f64.f32", unary<double, float, [](float a) { return static_cast<double>(a); }>},
      {"cvt.rmi.f64.f64", unary<double, double, [](double a) { return std::floor(a); }>},
      {"cvt.rn.f32.f64", to_float<double>()},
      {"cvt.rn.f32.s32", to_float<std::int32_t>()},
      {"cvt.rn.f32.u32", to_float<std::uint32_t>()},
      {"cvt.rn.f32.s64", to_float<std::int64_t>()},
      {"cvt.rn.f32.u64", to_float<std::uint64_t>()},
      {"cvt.sat.f32.f32", unary<float, float, saturated>},
  };
  return kTable;
}

}  // namespace

KnownOperation find_conversion(const std::string& opcode) {
  const auto found = table().find(opcode);
  if (found != table().end()) return {found->second};
  const std::string_view whole = opcode;
  const std::size_t first = whole.find('.'), second = whole.find('.', first + 1);
  if (whole.substr(0, first) != "cvt" || second == std::string_view::npos) return {};
  return {integer_conversion(whole.substr(first + 1, second - first - 1), whole.substr(second + 1))};
}

}  // namespace flashrna::ptx
