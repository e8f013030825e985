#include "rna/io/pdb_used_records.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/letter_case.h"

namespace flashrna {
namespace {

constexpr std::size_t kColumns = 80;

// As gemmi does: by four letters, or three and a blank, whatever their case.
std::string record_type(std::string_view line) {
  std::string type = to_upper(line.substr(0, 4));
  while (!type.empty() && std::isspace(static_cast<unsigned char>(type.back()))) type.pop_back();
  return type;
}

// Resolution, and the version of the format.
bool is_used_remark(std::string_view line) {
  return line.starts_with("REMARK   2") || line.starts_with("REMARK   3") || line.starts_with("REMARK   4");
}

// "DATA" and the brace are files of another format, which gemmi recognizes.
bool is_used(const std::string& type) {
  constexpr std::array kUsed = {"SEQR", "HEAD", "EXPD", "ENDM", "TER", "END", "DATA", "{\"DA"};
  return std::find(kUsed.begin(), kUsed.end(), type) != kUsed.end();
}

}  // namespace

std::string keep_used_records(std::string_view text, const std::string& name) {
  std::string used;
  used.reserve(text.size());
  int line_number = 0;
  int models = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (line.find('\0') != std::string_view::npos) {
      fail("{}: damaged: a zero byte in line {}; fetch the file again", name, line_number);
    }
    const std::string type = record_type(line);
    if (type == "ATOM" || type == "HETA") {
      used += line;
    } else if (type == "MODE") {
      used += fmt::format("MODEL     {:4}{:66}", ++models, "");
    } else if (is_used(type) || is_used_remark(line)) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      used += line;
      if (line.size() < kColumns) used.append(kColumns - line.size(), ' ');
    }
    used += '\n';
  }
  return used;
}

}  // namespace flashrna
