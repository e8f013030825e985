// libstdc++'s vector without constexpr members; must be included first (clang -include). Clang 14 (Debian 12)
// instantiates constexpr members as soon as they are named. This breaks gemmi's CIF document, a vector of a type that
// is incomplete at that point. Later compilers and GCC defer the instantiation. For fuzzing only.
#pragma once

#include <compare>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#if defined(__GLIBCXX__) && defined(__clang__) && __clang_major__ < 16
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 fill_bits  // declared constexpr in <memory>; only std::fill on a vector of bool needs it
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
#endif
