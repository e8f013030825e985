// Converts text of unknown encoding to valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

// `text` with every zero byte and every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace flashrna
