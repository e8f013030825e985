#include "libfold/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "base/error.h"
#include "base/utf8.h"

namespace flashrna {
namespace {

// Converts text to T. Throws std::invalid_argument whose text completes "... is not ".
template <typename T>
T parse_value(const std::string& text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return text;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
    if (text == "false" || text == "no" || text == "off" || text == "0") return false;
    throw std::invalid_argument("true or false");
  } else {
    // from_chars, unlike stod, does not depend on the locale.
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const bool whole = error == std::errc() && stop == end;
    if constexpr (std::is_floating_point_v<T>) {
      if (!whole || !std::isfinite(value)) throw std::invalid_argument("a finite number");
    } else if (!whole) {
      throw std::invalid_argument(
          fmt::format("a whole number from {} to {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
    return value;
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\f\v";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Removes a comment, which begins a line or follows white space: "a.b#c" keeps its #.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool starts = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
    if (starts && (line[i] == '#' || line[i] == ';')) return line.substr(0, i);
  }
  return line;
}

// `text` begins after an opening quote. Throws UsageError if the quote is not closed or text follows the closing quote.
std::string read_quoted(std::string_view text, const std::string& where) {
  std::string value;
  std::size_t i = 0;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      value += text[i];
    } else {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i];
    }
  }
  if (i == text.size()) fail_usage("{}: the value's closing quote is missing", where);
  const std::string_view rest = trimmed(without_comment(text.substr(i + 1)));
  if (!rest.empty()) fail_usage("{}: \"{}\" follows the value's closing quote", where, rest);
  return value;
}

// The inverse of how read_ini_text reads a value.
std::string quoted_if_needed(const std::string& value) {
  const bool plain = value.find('\n') == std::string::npos && trimmed(value) == value &&
                     without_comment(value) == value && (value.empty() || value[0] != '"');
  if (plain) return value;
  std::string quoted = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') quoted += '\\';
    quoted += c == '\n' ? 'n' : c;
  }
  return quoted + '"';
}

// Insertions, deletions, substitutions and exchanges of neighbors ("lenghts") count 1 each (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Row i: edit distances of a's first i characters to every prefix of b.
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    rows[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      rows[i][j] =
          std::min({rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

std::string section_of(const std::string& key) {
  const auto dot = key.find('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

}  // namespace

template <typename T>
void Configuration::bind(const std::string& key, T& field, const std::string& description) {
  if (find(key)) throw std::logic_error("configuration key bound twice: " + key);
  entries_.push_back({key, description, [&field](const std::string& text) { field = parse_value<T>(text); },
                      [&field] { return fmt::format("{}", field); }, ""});
}

template void Configuration::bind(const std::string&, int&, const std::string&);
template void Configuration::bind(const std::string&, long&, const std::string&);
template void Configuration::bind(const std::string&, std::uint64_t&, const std::string&);
template void Configuration::bind(const std::string&, double&, const std::string&);
template void Configuration::bind(const std::string&, bool&, const std::string&);
template void Configuration::bind(const std::string&, std::string&, const std::string&);

const Configuration::Entry* Configuration::find(const std::string& key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

void Configuration::set(const std::string& key, const std::string& text, const std::string& where) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  if (found == entries_.end()) {
    const std::string nearest = nearest_key(key);
    fail_usage("{}: unknown key \"{}\"{}", where, key,
               nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest));
  }
  try {
    found->set(text);
  } catch (const std::invalid_argument& expected) {
    if (where == "--" + key) fail_usage("{} \"{}\" is not {}", where, text, expected.what());
    fail_usage("{}: {} = \"{}\" is not {}", where, key, text, expected.what());
  }
  found->source = where;
}

void Configuration::read_ini(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // Opening a directory succeeds, but its first byte cannot be read. An empty file sets failbit on `text` only.
  if (!file || (file.peek(), file.bad())) fail("{}: cannot read the configuration: {}", path, std::strerror(errno));
  text << file.rdbuf();
  read_ini_text(text.str(), path);
}

void Configuration::read_ini_text(const std::string& text, const std::string& name) {
  std::string plain = text;
  drop_byte_order_marks(plain, name);
  std::istringstream lines(plain);
  std::map<std::string, int> line_of_key;
  std::string section, raw;
  for (int number = 1; std::getline(lines, raw); ++number) {
    const std::string where = fmt::format("{}:{}", name, number);
    const std::string_view line = trimmed(without_comment(raw));
    if (line.empty()) continue;
    if (line.front() == '[') {
      if (line.back() != ']') fail_usage("{}: section \"{}\" is not closed by ]", where, line);
      section = trimmed(line.substr(1, line.size() - 2));
      continue;
    }
    const auto equals = raw.find('=');
    if (equals == std::string::npos || line.find('=') == std::string_view::npos) {
      fail_usage("{}: \"{}\" is neither [section] nor key = value", where, line);
    }
    const std::string bare(trimmed(std::string_view(raw).substr(0, equals)));
    const std::string key = section.empty() ? bare : section + "." + bare;
    const std::string_view right = trimmed(std::string_view(raw).substr(equals + 1));
    const bool quoted = !right.empty() && right.front() == '"';
    const auto [earlier, first] = line_of_key.try_emplace(key, number);
    if (!first) fail_usage("{}: key \"{}\" is already set on line {}", where, key, earlier->second);
    set(key, quoted ? read_quoted(right.substr(1), where) : std::string(trimmed(without_comment(right))), where);
  }
}

std::string Configuration::to_ini() const {
  std::vector<std::string> sections;
  for (const Entry& entry : entries_) {
    const std::string section = section_of(entry.key);
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) sections.push_back(section);
  }
  // Keys without a section must precede the first section.
  std::stable_partition(sections.begin(), sections.end(), [](const std::string& section) { return section.empty(); });
  std::string text;
  for (const std::string& section : sections) {
    if (!section.empty()) text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    for (const Entry& entry : entries_) {
      if (section_of(entry.key) != section) continue;
      const std::string bare = section.empty() ? entry.key : entry.key.substr(section.size() + 1);
      text += fmt::format("# {}\n{} = {}\n", entry.description, bare, quoted_if_needed(entry.get()));
    }
  }
  return text;
}

std::string Configuration::nearest_key(const std::string& key) const {
  std::vector<std::string> full, bare;
  for (const Entry& entry : entries_) {
    full.push_back(entry.key);
    const std::string section = section_of(entry.key);
    bare.push_back(section.empty() ? entry.key : entry.key.substr(section.size() + 1));
  }
  const std::string nearest = nearest_name(key, full);
  if (key.find('.') != std::string::npos && !nearest.empty()) return nearest;
  // The section is missing or wrong: compare the name without its section.
  const auto dot = key.find('.');
  const std::string alike = nearest_name(dot == std::string::npos ? key : key.substr(dot + 1), bare);
  const auto found = std::find(bare.begin(), bare.end(), alike);
  return alike.empty() ? nearest : full[static_cast<std::size_t>(found - bare.begin())];
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string nearest;
  std::size_t smallest = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < smallest && 2 * distance <= std::max(name.size(), candidate.size())) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace flashrna
