// Gzip in memory, complete or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashrna {

inline constexpr std::uint64_t kMaxUnpackedBytes = std::uint64_t{1} << 30;

// Whether the bytes start like a gzip stream.
bool is_gzip(std::string_view bytes);

// Decompresses one or more gzip members. Throws Error naming `name` if the stream is cut off or damaged.
std::string gunzip(std::string_view bytes, const std::string& name);

}  // namespace flashrna
