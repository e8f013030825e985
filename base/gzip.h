// Decompresses gzip in memory: all of it, or an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashrna {

// Default limit of the unpacked size of one file. The largest mmCIF files of the PDB unpack to a fifth of it.
inline constexpr std::uint64_t kMaxUnpackedBytes = std::uint64_t{1} << 30;

// Whether the bytes start like a gzip stream.
bool is_gzip(std::string_view bytes);

// Decompresses one or more gzip members. Throws Error naming `name` if the stream is truncated or damaged, or as soon
// as the output exceeds `max_bytes` (a malicious stream can expand a thousandfold).
std::string gunzip(std::string_view bytes, const std::string& name, std::uint64_t max_bytes = kMaxUnpackedBytes);

// Message for a file that has, or unpacks to, more than `max_bytes`; `what` is the verb.
std::string too_large_message(const char* what, std::uint64_t max_bytes);
// Throws Error with that message.
[[noreturn]] void fail_too_large(const std::string& name, const char* what, std::uint64_t max_bytes);

}  // namespace flashrna
