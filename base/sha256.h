// SHA-256 (FIPS 180-4), computed by Nettle.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

// Returns 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace flashrna
