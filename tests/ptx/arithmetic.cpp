// Arithmetic, logic, comparison and selection.
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <unordered_map>

#include "tests/ptx/findings.h"
#include "tests/ptx/lane_operations.h"
#include "tests/ptx/operations.h"

namespace flashrna::ptx {
namespace {

using Table = std::unordered_map<std::string, Operation>;

// Overflow wraps around, so signed sums and products are computed without sign.
template <typename T>
void add_integer(Table& table, const std::string& type) {
  using U = std::make_unsigned_t<T>;
  // 16-bit operands are promoted to int, which their product may overflow.
  using Wide = std::conditional_t<sizeof(T) < 4, std::uint32_t, U>;
  table["add." + type] = binary<T, U, U, [](U a, U b) { return static_cast<T>(Wide{a} + Wide{b}); }>;
  table["sub." + type] = binary<T, U, U, [](U a, U b) { return static_cast<T>(Wide{a} - Wide{b}); }>;
  table["mul.lo." + type] = binary<T, U, U, [](U a, U b) { return static_cast<T>(Wide{a} * Wide{b}); }>;
  table["mad.lo." + type] = ternary<T, U, U, [](U a, U b, U c) { return static_cast<T>(Wide{a} * Wide{b} + Wide{c}); }>;
  table["neg." + type] = unary<T, U, [](U a) { return static_cast<T>(Wide{0} - Wide{a}); }>;
  table["abs." + type] = unary<T, T, [](T a) { return a < 0 ? static_cast<T>(Wide{0} - Wide{static_cast<U>(a)}) : a; }>;
  table["min." + type] = binary<T, T, T, [](T a, T b) { return a < b ? a : b; }>;
  table["max." + type] = binary<T, T, T, [](T a, T b) { return a < b ? b : a; }>;
  table["div." + type] = binary<T, T, T, [](T a, T b) {
    if (b == 0) throw KernelError("divides an integer by zero");
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return static_cast<T>(Wide{0} - Wide{static_cast<U>(a)});
    return static_cast<T>(a / b);
  }>;
  table["rem." + type] = binary<T, T, T, [](T a, T b) {
    if (b == 0) throw KernelError("divides an integer by zero");
    return std::is_signed_v<T> && b == static_cast<T>(-1) ? T{0} : static_cast<T>(a % b);
  }>;
  table["shr." + type] = binary<T, T, std::uint32_t, [](T a, std::uint32_t n) {
    constexpr std::uint32_t kBits = 8 * sizeof(T);
    return static_cast<T>(n < kBits ? a >> n : a < 0 ? -1 : 0);
  }>;
}

template <typename U>
void add_bits(Table& table, const std::string& type) {
  table["and." + type] = binary<U, U, U, [](U a, U b) { return static_cast<U>(a & b); }>;
  table["or." + type] = binary<U, U, U, [](U a, U b) { return static_cast<U>(a | b); }>;
  table["xor." + type] = binary<U, U, U, [](U a, U b) { return static_cast<U>(a ^ b); }>;
  if constexpr (std::is_same_v<U, bool>) {
    table["not." + type] = unary<U, U, [](U a) { return !a; }>;
  } else {
    table["not." + type] = unary<U, U, [](U a) { return static_cast<U>(~a); }>;
    table["shl." + type] = binary<U, U, std::uint32_t, [](U a, std::uint32_t n) {
      return static_cast<U>(n < 8 * sizeof(U) ? static_cast<std::uint64_t>(a) << n : 0);
    }>;
    table["shr." + type] = binary<U, U, std::uint32_t,
                                  [](U a, std::uint32_t n) { return static_cast<U>(n < 8 * sizeof(U) ? a >> n : 0); }>;
    table["clz." + type] = unary<std::uint32_t, U, [](U a) { return static_cast<std::uint32_t>(std::countl_zero(a)); }>;
  }
}

// Inserts the low `length` bits of a at bit `position` of b.
template <typename U>
void insert_bits(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  std::uint64_t* d = warp.result(in.operands[0].slot);
  const std::uint64_t *a = warp.values(in.operands[1].slot), *b = warp.values(in.operands[2].slot),
                      *position = warp.values(in.operands[3].slot), *length = warp.values(in.operands[4].slot);
  for_lanes(lanes, [&](int i) {
    const std::uint32_t at = position[i] & 0xff, n = length[i] & 0xff;
    U result = value_of<U>(b[i]);
    for (std::uint32_t bit = 0; bit < n && at + bit < 8 * sizeof(U); ++bit) {
      const U one = static_cast<U>(U{1} << (at + bit));
      result = static_cast<U>((result & ~one) | ((a[i] >> bit & 1) != 0 ? one : U{0}));
    }
    d[i] = result;
  });
}

// PTX takes the number if the other operand is none, and orders -0 below +0.
template <typename T>
T larger(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return a > b || (a == b && !std::signbit(a)) ? a : b;
}

template <typename T>
void add_floating(Table& table, const std::string& type) {
  for (const std::string rounding : {"", ".rn"}) {
    table["add" + rounding + "." + type] = binary<T, T, T, [](T a, T b) { return a + b; }>;
    table["sub" + rounding + "." + type] = binary<T, T, T, [](T a, T b) { return a - b; }>;
    table["mul" + rounding + "." + type] = binary<T, T, T, [](T a, T b) { return a * b; }>;
  }
  table["div.rn." + type] = binary<T, T, T, [](T a, T b) { return a / b; }>;
  table["fma.rn." + type] = ternary<T, T, T, [](T a, T b, T c) { return std::fma(a, b, c); }>;
  table["max." + type] = binary<T, T, T, larger<T>>;
  table["min." + type] = binary<T, T, T, [](T a, T b) { return -larger<T>(-a, -b); }>;
  table["neg." + type] = unary<T, T, [](T a) { return -a; }>;
  table["abs." + type] = unary<T, T, [](T a) { return std::fabs(a); }>;
  table["sqrt.rn." + type] = unary<T, T, [](T a) { return std::sqrt(a); }>;
  table["rcp.rn." + type] = unary<T, T, [](T a) { return T{1} / a; }>;
}

template <typename T>
void add_comparisons(Table& table, const std::string& type) {
  const auto add = [&](const char* relation, Operation operation) {
    table["setp." + std::string(relation) + "." + type] = operation;
  };
  add("eq", binary<bool, T, T, [](T a, T b) { return a == b; }>);
  add("ne", binary<bool, T, T, [](T a, T b) { return a < b || b < a; }>);  // false if one is not a number
  add("lt", binary<bool, T, T, [](T a, T b) { return a < b; }>);
  add("le", binary<bool, T, T, [](T a, T b) { return a <= b; }>);
  add("gt", binary<bool, T, T, [](T a, T b) { return b < a; }>);
  add("ge", binary<bool, T, T, [](T a, T b) { return a >= b; }>);
  if constexpr (std::is_floating_point_v<T>) {  // true if one is not a number
    add("equ", binary<bool, T, T, [](T a, T b) { return !(a < b || a > b); }>);
    add("neu", binary<bool, T, T, [](T a, T b) { return !(a == b); }>);
    add("ltu", binary<bool, T, T, [](T a, T b) { return !(a >= b); }>);
    add("leu", binary<bool, T, T, [](T a, T b) { return !(a > b); }>);
    add("gtu", binary<bool, T, T, [](T a, T b) { return !(a <= b); }>);
    add("geu", binary<bool, T, T, [](T a, T b) { return !(a < b); }>);
    add("nan", binary<bool, T, T, [](T a, T b) { return std::isnan(a) || std::isnan(b); }>);
  }
}

template <typename U>
void add_selection(Table& table, const std::string& type) {
  table["selp." + type] = ternary<U, U, bool, [](U a, U b, bool first) { return first ? a : b; }>;
  table["mov." + type] = unary<U, U, [](U a) { return a; }>;
}

// The exact sum rounded down: a product of two f32 is exact in f64.
float fma_rounded_down(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b), sum = product + c;
  const auto nearest = static_cast<float>(sum);
  return static_cast<double>(nearest) > sum ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
                                            : nearest;
}

float flushed(float x) { return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }

Table make_table() {
  Table table;
  add_bits<std::uint16_t>(table, "b16");
  add_bits<std::uint32_t>(table, "b32");
  add_bits<std::uint64_t>(table, "b64");
  add_bits<bool>(table, "pred");
  add_integer<std::int16_t>(table, "s16");
  add_integer<std::int32_t>(table, "s32");
  add_integer<std::int64_t>(table, "s64");
  add_integer<std::uint16_t>(table, "u16");
  add_integer<std::uint32_t>(table, "u32");
  add_integer<std::uint64_t>(table, "u64");
  add_floating<float>(table, "f32");
  add_floating<double>(table, "f64");
  add_comparisons<std::int16_t>(table, "s16");
  add_comparisons<std::int32_t>(table, "s32");
  add_comparisons<std::int64_t>(table, "s64");
  add_comparisons<float>(table, "f32");
  add_comparisons<double>(table, "f64");
  for (const char* type : {"u16", "b16"}) add_comparisons<std::uint16_t>(table, type);
  for (const char* type : {"u32", "b32"}) add_comparisons<std::uint32_t>(table, type);
  for (const char* type : {"u64", "b64"}) add_comparisons<std::uint64_t>(table, type);
  for (const char* type : {"u16", "s16", "b16"}) add_selection<std::uint16_t>(table, type);
  for (const char* type : {"u32", "s32", "b32", "f32"}) add_selection<std::uint32_t>(table, type);
  for (const char* type : {"u64", "s64", "b64", "f64"}) add_selection<std::uint64_t>(table, type);
  table["mov.pred"] = unary<bool, bool, [](bool a) { return a; }>;
  for (const char* opcode : {"cvta.to.global.u64", "cvta.shared.u64", "cvta.to.shared.u64", "cvta.global.u64"})
    table[opcode] = table["mov.u64"];

  using I32 = std::int32_t;
  using I64 = std::int64_t;
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  table["mul.wide.s32"] = binary<I64, I32, I32, [](I32 a, I32 b) { return I64{a} * b; }>;
  table["mul.wide.u32"] = binary<U64, U32, U32, [](U32 a, U32 b) { return U64{a} * b; }>;
  table["mul.hi.s32"] = binary<I32, I32, I32, [](I32 a, I32 b) { return static_cast<I32>(I64{a} * b >> 32); }>;
  table["mul.hi.u32"] = binary<U32, U32, U32, [](U32 a, U32 b) { return static_cast<U32>(U64{a} * b >> 32); }>;
  table["mul.hi.s64"] =
      binary<I64, I64, I64, [](I64 a, I64 b) { return static_cast<I64>(static_cast<__int128>(a) * b >> 64); }>;
  table["mul.hi.u64"] =
      binary<U64, U64, U64, [](U64 a, U64 b) { return static_cast<U64>(static_cast<unsigned __int128>(a) * b >> 64); }>;
  table["mad.wide.s32"] =
      ternary<I64, I32, U64, [](I32 a, I32 b, U64 c) { return static_cast<I64>(static_cast<U64>(I64{a} * b) + c); }>;
  table["mad.wide.u32"] = ternary<U64, U32, U64, [](U32 a, U32 b, U64 c) { return U64{a} * b + c; }>;
  table["bfi.b32"] = insert_bits<U32>;
  table["bfi.b64"] = insert_bits<U64>;
  table["fma.rm.f32"] = ternary<float, float, float, fma_rounded_down>;
  // Approximations of the hardware; its last bits are not defined.
  table["ex2.approx.ftz.f32"] = unary<float, float, [](float a) { return flushed(std::exp2(flushed(a))); }>;
  table["rcp.approx.ftz.f64"] =
      unary<double, double, [](double a) { return value_of<double>(bits_of(1.0 / a) & 0xffffffff00000000u); }>;
  return table;
}

}  // namespace

KnownOperation find_arithmetic(const std::string& opcode) {
  static const Table table = make_table();
  const auto found = table.find(opcode);
  return found != table.end() ? KnownOperation{found->second} : KnownOperation{};
}

}  // namespace flashrna::ptx
