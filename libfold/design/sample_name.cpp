#include "libfold/design/sample_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/letter_case.h"

namespace flashrna {
namespace {

constexpr std::string_view kSample = "_sample_", kBatch = "_samples_", kDigits = "0123456789";

// The beginning of "<stem><mark><digits, and - where allowed>"; npos if `name` is not of this form.
std::size_t mark_of(const std::string& name, std::string_view mark, bool range) {
  const std::size_t place = name.rfind(mark);
  if (place == std::string::npos || place == 0 || place + mark.size() == name.size()) return std::string::npos;
  const bool numbered = std::all_of(name.begin() + static_cast<std::ptrdiff_t>(place + mark.size()), name.end(),
                                    [&](char c) { return is_digit(c) || (range && c == '-'); });
  return numbered ? place : std::string::npos;
}

}  // namespace

std::string length_stem(std::span<const int> molecule_lengths) {
  std::string stem = "len_";
  for (std::size_t m = 0; m < molecule_lengths.size(); ++m)
    stem += fmt::format("{}{:05d}", m == 0 ? "" : "+", molecule_lengths[m]);
  return stem;
}

std::string name_stem(const std::string& name) {
  std::string stem;
  for (char c : name.substr(0, name.find_first_of(" \t")))
    stem += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' ? c : '_';
  return stem;
}

std::string sample_name(const std::string& stem, std::uint64_t index) {
  return fmt::format("{}{}{:03d}", stem, kSample, index);
}

std::string batch_name(const std::string& stem, std::uint64_t first, std::uint64_t last) {
  return fmt::format("{}{}{:03d}-{:03d}", stem, kBatch, first, last);
}

std::string batch_name(const std::string& first_sample, const std::string& last_sample) {
  const std::string stem = stem_of_sample(first_sample);
  const auto index = [&](const std::string& name) { return name.substr(stem.size() + kSample.size()); };
  return fmt::format("{}{}{}-{}", stem, kBatch, index(first_sample), index(last_sample));
}

bool SampleNameOrder::operator()(std::string_view a, std::string_view b) const {
  // Removes a run of digits from the front and returns it without leading zeros.
  const auto take_number = [](std::string_view& text) {
    std::string_view number = text.substr(0, std::min(text.size(), text.find_first_not_of(kDigits)));
    text.remove_prefix(number.size());
    number.remove_prefix(std::min(number.size(), number.find_first_not_of('0')));
    return number;
  };
  const std::string_view whole_a = a, whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view first = take_number(a), second = take_number(b);
      if (first.size() != second.size()) return first.size() < second.size();
      if (first != second) return first < second;
    } else {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  if (a.empty() != b.empty()) return a.empty();
  return whole_a < whole_b;  // names that differ in leading zeros alone
}

std::string sample_stem(const std::string& file) {
  std::string stem = file.substr(file.rfind('/') + 1);
  stem = stem.substr(0, stem.find('#'));
  for (const std::string ending :
       {".gz", ".cif", ".mmcif", ".bcif", ".pdb", ".ent", ".dbn", ".db", ".dot", ".dotbracket", ".bpseq", ".ct"}) {
    if (stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
  }
  return stem;
}

std::string stem_of_sample(const std::string& name) { return name.substr(0, mark_of(name, kSample, false)); }

bool is_sample_name(const std::string& name) {
  return mark_of(name, kSample, false) != std::string::npos || mark_of(name, kBatch, true) != std::string::npos;
}

}  // namespace flashrna
