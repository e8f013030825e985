// Gzip in memory, complete or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashrna {

// What one file may unpack to where nothing else is asked for. The largest mmCIF files of the PDB have a fifth of it.
inline constexpr std::uint64_t kMaxUnpackedBytes = std::uint64_t{1} << 30;

// Whether the bytes start like a gzip stream.
bool is_gzip(std::string_view bytes);

// Decompresses one or more gzip members. Throws Error naming `name` if the stream is cut off or damaged, or as soon as
// more than `max_bytes` come out of it: a thousandth of that is enough to make them.
std::string gunzip(std::string_view bytes, const std::string& name, std::uint64_t max_bytes = kMaxUnpackedBytes);

// What is wrong with a file that has, or unpacks to, more than `max_bytes`; `what` is one of the two verbs.
std::string too_large_message(const char* what, std::uint64_t max_bytes);
// Throws the Error of it.
[[noreturn]] void fail_too_large(const std::string& name, const char* what, std::uint64_t max_bytes);

}  // namespace flashrna
