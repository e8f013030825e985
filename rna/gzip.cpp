#include "rna/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "rna/error.h"

namespace flashrna {
namespace {

struct Inflater {
  z_stream stream{};

  explicit Inflater(const std::string& name) {
    // 15 window bits, and 16 for the gzip wrapper with its checksum.
    if (inflateInit2(&stream, 15 + 16) != Z_OK) fail("{}: zlib cannot start: out of memory", name);
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, const std::string& name) {
  Inflater inflater(name);
  z_stream& stream = inflater.stream;
  const auto* next = reinterpret_cast<const Bytef*>(bytes.data());
  std::size_t left = bytes.size();
  std::string text;
  text.resize(std::max<std::size_t>(4 * bytes.size(), 1 << 16));
  std::size_t used = 0;
  int status = Z_OK;
  do {
    if (used == text.size()) text.resize(2 * text.size());
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    stream.next_in = const_cast<Bytef*>(next);
    stream.avail_in = static_cast<uInt>(std::min(left, kMost));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + used);
    stream.avail_out = static_cast<uInt>(std::min(text.size() - used, kMost));
    const uInt offered = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    left -= static_cast<std::size_t>(stream.next_in - next);
    next = stream.next_in;
    used += offered - stream.avail_out;
    if (status == Z_STREAM_END && left > 0 && is_gzip({reinterpret_cast<const char*>(next), left})) {
      inflateReset(&stream);  // another member follows
      status = Z_OK;
    } else if (status == Z_BUF_ERROR && used == text.size()) {
      status = Z_OK;  // only out of room
    }
  } while (status == Z_OK);
  if (status == Z_BUF_ERROR) {
    fail("{}: the gzip stream is cut off after {} of its bytes; fetch the file again", name, bytes.size());
  }
  if (status != Z_STREAM_END) {
    fail("{}: damaged gzip stream ({}); fetch the file again", name, stream.msg != nullptr ? stream.msg : "bad data");
  }
  text.resize(used);
  return text;
}

}  // namespace flashrna
