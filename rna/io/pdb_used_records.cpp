#include "rna/io/pdb_used_records.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/letter_case.h"

namespace flashrna {
namespace {

constexpr std::size_t kColumns = 80;

// As in gemmi: four letters, or three and a blank, case-insensitive.
std::string record_type(std::string_view line) {
  std::string type = to_upper(line.substr(0, 4));
  while (!type.empty() && std::isspace(static_cast<unsigned char>(type.back()))) type.pop_back();
  return type;
}

// Remarks with the resolution or the version of the format.
bool is_used_remark(std::string_view line) {
  return line.starts_with("REMARK   2") || line.starts_with("REMARK   3") || line.starts_with("REMARK   4");
}

// "DATA" and the brace begin files of other formats, which gemmi detects.
bool is_used(const std::string& type) {
  constexpr std::array kUsed = {"SEQR", "HEAD", "EXPD", "DATA", "{\"DA"};
  return std::find(kUsed.begin(), kUsed.end(), type) != kUsed.end();
}

// Columns first..last, from 1; shorter if the line is.
std::string_view columns(std::string_view line, std::size_t first, std::size_t last) {
  return line.size() < first ? std::string_view() : line.substr(first - 1, last - first + 1);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \r");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \r") - begin + 1);
}

// The nucleotide names of four letters that some simulation programs write ("RADE") reach into the first of gemmi's two
// columns of the chain. Returns the line with the name of three letters; nothing for other names.
std::optional<std::string> with_three_letters(std::string_view line) {
  constexpr std::array kNames = {"RADE", "RCYT", "RGUA", "RURA"};
  constexpr std::size_t kBegin = 17, kLength = 4;
  if (columns(line, 21, 21) == " ") return std::nullopt;
  const std::string name = to_upper(columns(line, 18, 21));
  if (std::ranges::find(kNames, name) == kNames.end()) return std::nullopt;
  std::string changed(line);
  return changed.replace(kBegin, kLength, name.substr(1) + ' ');
}

// Segments of a chain, split where its records indicate the end of a molecule. Atoms must be in file order.
class Segments {
 public:
  // The number of the atom's segment, from 0.
  int number_of(std::string_view line) {
    const std::string_view residue = columns(line, 18, 27), segment = trimmed(columns(line, 73, 76));
    if (residue != residue_ || segment != name_) {
      const std::optional<int> place = number(line);
      const bool has_alternates = line[16] != ' ';
      const bool restarts = place && place_ && *place < *place_ && !has_alternates && seen_.contains(residue);
      if (!residue_.empty() && (ended_ || segment != name_ || restarts)) {
        number_ = std::min(number_ + 1, kMostSegments);
        seen_.clear();
      }
      seen_.emplace(residue);
      place_ = place;
      residue_ = residue;
      name_ = segment;
    } else if (ended_) {
      number_ = std::min(number_ + 1, kMostSegments);
      seen_.clear();
      seen_.emplace(residue);
    }
    ended_ = false;
    return number_;
  }
  void end() { ended_ = true; }

 private:
  static constexpr int kMostSegments = 9999;  // limit of the four columns of a segment name

  static std::optional<int> number(std::string_view line) {
    const std::string_view text = trimmed(columns(line, 23, 26));
    int value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
  }

  std::set<std::string, std::less<>> seen_;  // residues of the current segment: name, chain, number and insertion code
  std::string residue_, name_;               // of the last atom; the segment name in the file
  std::optional<int> place_;
  int number_ = 0;
  bool ended_ = false;
};

// The atoms between two END records.
struct Section {
  int end_line = 0;    // line of the preceding END; 0 for the first section
  int first_line = 0;  // line of its first atom
  bool has_model_record = false;
  std::vector<std::string> residues;  // columns 18 to 27 of each residue, in file order
};

// Calls take(line, number) for each line.
template <typename Take>
void for_each_line(std::string_view text, Take&& take) {
  int number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    take(text.substr(begin, end - begin), ++number);
    begin = end + 1;
  }
}

// The sections with atoms; empty if all atoms precede the first END, as in nearly all files.
std::vector<Section> sections_of(std::string_view text) {
  std::size_t end = text.find("\nEND");
  while (end != std::string_view::npos && record_type(text.substr(end + 1, 4)) != "END")
    end = text.find("\nEND", end + 1);
  if (end == std::string_view::npos) return {};
  if (text.find("\nATOM", end) == std::string_view::npos && text.find("\nHETATM", end) == std::string_view::npos)
    return {};
  std::vector<Section> sections(1);
  for_each_line(text, [&](std::string_view line, int number) {
    const std::string type = record_type(line);
    Section& section = sections.back();
    if (type == "ATOM" || type == "HETA") {
      if (section.residues.empty()) section.first_line = number;
      const std::string_view residue = columns(line, 18, 27);
      if (section.residues.empty() || section.residues.back() != residue) section.residues.emplace_back(residue);
    } else if (type == "MODE") {
      section.has_model_record = true;
    } else if (type == "END" && !section.residues.empty()) {
      sections.push_back({.end_line = number});
    }
  });
  if (sections.back().residues.empty()) sections.pop_back();
  return sections;
}

// Lines of the END records that end a model. After any other END, the same structure continues with residue numbers or
// chains that it does not have yet.
std::set<int> model_ends(std::string_view text, const std::string& name) {
  std::set<int> ends;
  std::set<std::string, std::less<>> seen, places;  // with and without the residue name
  const auto place = [](const std::string& residue) {
    return residue.substr(std::min<std::size_t>(3, residue.size()));
  };
  for (const Section& section : sections_of(text)) {
    std::string repeated, other;
    for (const std::string& residue : section.residues) {
      if (seen.contains(residue)) repeated = residue;
      if (!seen.contains(residue) && places.contains(place(residue)) && other.empty()) other = residue;
    }
    if (section.has_model_record && section.end_line > 0) {
      ends.insert(section.end_line);
    } else if (!other.empty()) {
      fail(
          "{}: line {}: another structure follows the END of line {} (residue \"{}\" has a place that is taken); put "
          "each structure into a file of its own",
          name, section.first_line, section.end_line, other);
    } else if (!repeated.empty()) {
      ends.insert(section.end_line);
    }
    for (const std::string& residue : section.residues) {
      seen.insert(residue);
      places.insert(place(residue));
    }
  }
  return ends;
}

// Collects the records such that gemmi reads each model as one, whatever records the file has between models.
class UsedRecords {
 public:
  // `ends`: see model_ends.
  UsedRecords(std::size_t size, std::set<int> ends) : ends_(std::move(ends)) { used_.reserve(size + size / 50); }

  void add(std::string_view line, int line_number) {
    const std::string type = record_type(line);
    if (type == "ATOM" || type == "HETA") {
      if (state_ != State::kInside && models_ > 0) begin_model();
      if (models_ == 0) models_ = 1;  // gemmi starts the first model implicitly
      state_ = State::kInside;
      const std::optional<std::string> changed = with_three_letters(line);
      add_atom(changed ? *changed : line);
    } else if (type == "MODE") {
      begin_model();
      state_ = State::kInside;
    } else if (type == "ENDM") {
      if (state_ == State::kInside) end_model();
    } else if (type == "END") {
      if (state_ == State::kInside && ends_.contains(line_number)) end_model();
    } else if (type == "TER") {
      if (last_ != nullptr) last_->end();
      add_padded(line);
    } else if (models_ == 0 && (is_used(type) || is_used_remark(line))) {
      add_padded(line);  // those of the first file if several are concatenated
    }
    used_ += '\n';
  }

  std::string take() { return std::move(used_); }

 private:
  enum class State { kBefore, kInside, kAfter };

  void begin_model() {
    if (state_ == State::kInside) end_model();
    used_ += fmt::format("MODEL     {:4}{:66}\n", ++models_, "");
    chains_.clear();
    last_ = nullptr;
    residue_.clear();
  }

  void end_model() {
    used_ += "ENDMDL\n";
    state_ = State::kAfter;
  }

  void add_atom(std::string_view line) {
    const std::string_view residue = columns(line, 18, 27);
    if (residue != residue_) {
      residue_ = residue;
      const std::string chain(columns(line, 21, 22));
      if (last_ == nullptr || chain != chain_) last_ = &chains_[chain];
      chain_ = chain;
    }
    const int segment = last_->number_of(line);
    if (segment == 0 && trimmed(columns(line, 73, 76)).empty()) {
      used_ += line;
    } else {
      add_with_segment(line, segment);
    }
  }

  // gemmi separates residues of equal number by segment name. Replaces the file's segment name, which is less specific.
  void add_with_segment(std::string_view line, int segment) {
    constexpr std::size_t kOccupancyEnd = 60, kSegmentBegin = 72, kSegmentEnd = 76;
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string atom(line);
    if (atom.size() < kOccupancyEnd) atom = fmt::format("{:<54}  1.00 20.00", atom.substr(0, 54));
    if (atom.size() < kSegmentEnd) atom.append(kSegmentEnd - atom.size(), ' ');
    atom.replace(kSegmentBegin, 4, segment == 0 ? std::string(4, ' ') : fmt::format("{:<4}", segment));
    used_ += atom;
  }

  void add_padded(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    used_ += line;
    if (line.size() < kColumns) used_.append(kColumns - line.size(), ' ');
  }

  std::set<int> ends_;
  std::string used_;
  State state_ = State::kBefore;
  int models_ = 0;
  std::string residue_, chain_;  // of the last atom
  std::unordered_map<std::string, Segments> chains_;
  Segments* last_ = nullptr;  // of the last atom's chain
};

}  // namespace

std::string keep_used_records(std::string_view text, const std::string& name) {
  UsedRecords records(text.size(), model_ends(text, name));
  for_each_line(text, [&](std::string_view line, int line_number) {
    if (line.find('\0') != std::string_view::npos) {
      fail("{}: damaged: a zero byte in line {}; fetch the file again", name, line_number);
    }
    records.add(line, line_number);
  });
  return records.take();
}

}  // namespace flashrna
