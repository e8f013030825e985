#include "tests/ptx/module_text.h"

#include <cctype>
#include <stdexcept>

namespace flashrna::ptx {
namespace {

std::string without_comments(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "//") == 0) {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (text.compare(i, 2, "/*") == 0) {
      i = text.find("*/", i + 2);
      if (i == std::string_view::npos) throw std::runtime_error("a comment of a PTX module has no end");
      ++i;
      continue;
    }
    if (i < text.size()) result += text[i];
  }
  return result;
}

std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  throw std::runtime_error("the body of a PTX kernel has no end");
}

}  // namespace

ModuleText read_module(std::string_view original, const std::string& name) {
  ModuleText module;
  module.name = name;
  const std::string text = without_comments(original);
  for (std::size_t at = 0; (at = text.find(".extern .shared", at)) != std::string::npos;) {
    const std::size_t bracket = text.find('[', at), space = text.rfind(' ', bracket);
    module.dynamic_shared.push_back(text.substr(space + 1, bracket - space - 1));
    at = bracket;
  }
  for (std::size_t at = 0; (at = text.find("\n\t.file\t", at)) != std::string::npos;) {
    const std::size_t number = at + 8, quote = text.find('"', at), end = text.find('"', quote + 1);
    module.files[std::stoi(text.substr(number))] = text.substr(quote + 1, end - quote - 1);
    at = end;
  }
  for (std::size_t at = 0; (at = text.find(".entry ", at)) != std::string::npos;) {
    KernelText kernel;
    const std::size_t begin = at + 7, parenthesis = text.find('(', begin), close = text.find(')', parenthesis);
    const std::size_t brace = text.find('{', close), end = closing_brace(text, brace);
    kernel.name = canonical_name(std::string_view(text).substr(begin, parenthesis - begin));
    kernel.parameters = text.substr(parenthesis + 1, close - parenthesis - 1);
    kernel.directives = text.substr(close + 1, brace - close - 1);
    kernel.body = text.substr(brace + 1, end - brace - 1);
    module.kernels.push_back(std::move(kernel));
    at = end;
  }
  return module;
}

std::string canonical_name(std::string_view mangled) {
  constexpr std::string_view kMark = "_GLOBAL__N__";
  std::string result;
  for (std::size_t mark; (mark = mangled.find(kMark)) != std::string_view::npos;) {
    // "<length>_GLOBAL__N__<hash>_<length>_<file>_cu_<hash>_<number>"
    std::size_t digits = mark;
    while (digits > 0 && std::isdigit(static_cast<unsigned char>(mangled[digits - 1]))) --digits;
    const std::size_t length = std::stoul(std::string(mangled.substr(digits, mark - digits)));
    const std::string_view unique = mangled.substr(mark, length);
    const std::size_t hash_end = unique.find('_', kMark.size());
    const std::size_t file = unique.find('_', hash_end + 1) + 1, file_end = unique.rfind("_cu_");
    result += mangled.substr(0, digits);
    result += "_GLOBAL__N_" + std::string(unique.substr(file, file_end - file)) + "_cu ";
    mangled.remove_prefix(mark + length);
  }
  return result.append(mangled);
}

}  // namespace flashrna::ptx
