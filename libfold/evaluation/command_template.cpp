#include "libfold/evaluation/command_template.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace flashrna {
namespace {

std::vector<std::string> split_words(const std::string& option, const std::string& text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && next == '\n' && quote != '\'') {  // a backslash at the end of a line continues it
      ++i;
      continue;
    }
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (quote == 0 && blank) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && (quote == 0 || (quote == '"' && (next == '"' || next == '\\' || next == '$')))) {
      if (next != '\0') words.back() += next;
      ++i;
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) fail_usage("--{} \"{}\": a quote ({}) has no end", option, text, quote);
  return words;
}

}  // namespace

CommandTemplate::CommandTemplate(const std::string& option, const std::string& text,
                                 const std::vector<std::string>& placeholders)
    : text_(text), words_(split_words(option, text)) {
  if (words_.empty()) fail_usage("--{}: the command is empty", option);
  for (const std::string& placeholder : placeholders) {
    if (text.find(placeholder) == std::string::npos) {
      fail_usage("--{} \"{}\" has no {}; the command must name {}", option, text, placeholder,
                 fmt::join(placeholders, " and "));
    }
  }
}

std::vector<std::string> CommandTemplate::words(const std::map<std::string, std::string>& values) const {
  std::vector<std::string> words = words_;
  for (std::string& word : words) {
    std::string filled;
    for (std::size_t at = 0; at < word.size();) {
      bool found = false;
      for (const auto& [placeholder, value] : values) {
        if (word.compare(at, placeholder.size(), placeholder) != 0) continue;
        filled += value;
        at += placeholder.size();
        found = true;
        break;
      }
      if (!found) filled += word[at++];
    }
    word = std::move(filled);
  }
  return words;
}

}  // namespace flashrna
