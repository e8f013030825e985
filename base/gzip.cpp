#include "base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace flashrna {
namespace {

struct Inflater {
  z_stream stream{};

  explicit Inflater(const std::string& name) {
    // 15 window bits; + 16 selects the gzip wrapper with its checksum.
    if (inflateInit2(&stream, 15 + 16) != Z_OK) fail("{}: zlib cannot start: out of memory", name);
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

// A copy extended with zeros to `size`, without spare capacity: resize() may allocate twice as much.
std::string enlarged(const std::string& text, std::size_t size) {
  std::string larger(size, '\0');
  std::copy(text.begin(), text.end(), larger.begin());
  return larger;
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string too_large_message(const char* what, std::uint64_t max_bytes) {
  constexpr std::uint64_t kMebibyte = 1 << 20;
  const bool whole = max_bytes % kMebibyte == 0;
  return fmt::format(
      "{} more than {} {}, the limit for one file; if it is no decompression bomb, raise it with --max-unpacked MIB",
      what, whole ? max_bytes / kMebibyte : max_bytes, whole ? "MiB" : "bytes");
}

void fail_too_large(const std::string& name, const char* what, std::uint64_t max_bytes) {
  fail("{}: {}", name, too_large_message(what, max_bytes));
}

std::string gunzip(std::string_view bytes, const std::string& name, std::uint64_t max_bytes) {
  Inflater inflater(name);
  z_stream& stream = inflater.stream;
  const auto* next = reinterpret_cast<const Bytef*>(bytes.data());
  std::size_t left = bytes.size();
  std::string text(std::min(std::max<std::uint64_t>(4 * bytes.size(), 1 << 16), max_bytes), '\0');
  std::size_t used = 0;
  int status = Z_OK;
  do {
    // At the size limit, one more byte of output tells whether the stream ends here.
    Bytef beyond = 0;
    const bool at_limit = used == max_bytes;
    if (used == text.size() && !at_limit) text = enlarged(text, std::min<std::uint64_t>(2 * used, max_bytes));
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    stream.next_in = const_cast<Bytef*>(next);
    stream.avail_in = static_cast<uInt>(std::min(left, kMost));
    stream.next_out = at_limit ? &beyond : reinterpret_cast<Bytef*>(text.data() + used);
    stream.avail_out = at_limit ? 1 : static_cast<uInt>(std::min(text.size() - used, kMost));
    const uInt offered = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    left -= static_cast<std::size_t>(stream.next_in - next);
    next = stream.next_in;
    used += offered - stream.avail_out;
    if (used > max_bytes) fail_too_large(name, "unpacks to", max_bytes);
    if (status == Z_STREAM_END && left > 0 && is_gzip({reinterpret_cast<const char*>(next), left})) {
      inflateReset(&stream);  // another member follows
      status = Z_OK;
    } else if (status == Z_BUF_ERROR && used == text.size() && !at_limit) {
      status = Z_OK;  // the output buffer is full
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
