#include "base/utf8.h"

#include <cstdint>

#include "base/atomic_file.h"
#include "base/error.h"

namespace flashrna {

namespace {

// Length in bytes of the valid UTF-8 sequence at `at`; 0 if there is none (RFC 3629: shortest form, no surrogates).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || at + length > text.size()) return 0;
  std::uint32_t code = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0u) != 0x80u) return 0;
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      valid += "\xEF\xBF\xBD";
      ++at;
    } else {
      valid += text.substr(at, length);
      at += length;
    }
  }
  return valid;
}

void drop_byte_order_marks(std::string& text, const std::string& name) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail("{}: the text is in UTF-16; save it as UTF-8 or plain ASCII", name);
  }
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    if (at == 0 || text[at - 1] == '\n') {
      text.erase(at, kMark.size());
    } else {
      at += kMark.size();
    }
  }
}

std::string read_text_file(const std::string& path) {
  std::string text = read_file(path);
  drop_byte_order_marks(text, path);
  return text;
}

}  // namespace flashrna
