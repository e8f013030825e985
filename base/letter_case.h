// Upper and lower case of ASCII letters (other bytes are unchanged), and digits.
#pragma once

#include <string>
#include <string_view>

namespace flashrna {

inline std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

inline std::string to_upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace flashrna
