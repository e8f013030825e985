// Converts text of unknown encoding to valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

// `text` with every zero byte and every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

// Removes the UTF-8 byte order mark at the start of `text` and, in concatenated files, at the start of any line. Throws
// Error naming `name` for text that begins with the byte order mark of UTF-16.
void drop_byte_order_marks(std::string& text, const std::string& name);

// The text of a file without byte order marks. Throws Error naming `path` if it cannot be read.
std::string read_text_file(const std::string& path);

}  // namespace flashrna
