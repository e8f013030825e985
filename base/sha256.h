// SHA-256 of bytes (FIPS 180-4), by Nettle.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace flashrna
