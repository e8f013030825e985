#include "base/shard.h"

#include <charconv>

#include "base/error.h"

namespace flashrna {

std::string Shard::text() const { return fmt::format("{}/{}", number, count); }

std::string Shard::file_name(const std::string& stem, const std::string& ending) const {
  return whole() ? stem + ending : fmt::format("{}.{}-of-{}{}", stem, number, count, ending);
}

Shard parse_shard(const std::string& text) {
  if (text.empty()) return {};
  Shard shard;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  const bool has_slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto count = std::from_chars(has_slash ? number.ptr + 1 : end, end, shard.count);
  if (!has_slash || count.ec != std::errc() || count.ptr != end || shard.number < 1 || shard.number > shard.count)
    fail_usage("--shard {}: must be K/N with K from 1 to N, such as 3/16", text);
  return shard;
}

}  // namespace flashrna
