#include "libfold/training/metrics_log.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "base/error.h"

namespace flashrna {
namespace {

// The cells of `line`, which has the columns `old`, in the order of `columns`; empty where it has none.
std::string with_columns(const std::string& line, const std::vector<std::string>& old,
                         const std::vector<std::string>& columns) {
  if (old == columns) return line + "\n";
  const std::vector<std::string> cells = split_csv_line(line);
  std::vector<std::string> now;
  for (const std::string& column : columns) {
    const auto at = static_cast<std::size_t>(std::ranges::find(old, column) - old.begin());
    now.push_back(at < cells.size() ? cells[at] : "");
  }
  return csv_line(now);
}

// The step of a row; -1 if the row does not begin with a step.
std::int64_t step_of(const std::string& row) {
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), step);
  return error == std::errc() && end != row.data() + row.size() && *end == ',' ? step : -1;
}

}  // namespace

MetricsLog::MetricsLog(std::string path, std::vector<std::string> columns, std::int64_t last_step)
    : path_(std::move(path)), columns_(std::move(columns)) {
  const std::vector<std::string> now = header();
  std::string kept = csv_line(now);
  if (std::filesystem::exists(path_)) {
    std::ifstream file(path_);
    if (!file) fail("{}: cannot be read; give the run another --output folder", path_);
    std::string line;
    std::vector<std::string> old;
    if (std::getline(file, line)) old = split_csv_line(line);
    const bool is_known =
        std::ranges::all_of(old, [&](const std::string& name) { return std::ranges::count(now, name) == 1; });
    if (!is_known || (!old.empty() && old.front() != now.front()))
      fail("{}: its columns are not those of this program ({}); move it away and resume again", path_,
           fmt::join(now, ","));
    while (std::getline(file, line)) {
      if (file.eof()) break;  // no line end: the run was killed while writing this line
      const std::int64_t step = step_of(line);
      if (step >= 0 && step <= last_step) kept += with_columns(line, old, now);
    }
  }
  write_file_atomically(path_, kept);
}

std::vector<std::string> MetricsLog::header() const {
  std::vector<std::string> names{"step"};
  names.insert(names.end(), columns_.begin(), columns_.end());
  return names;
}

void MetricsLog::append(std::int64_t step, const std::map<std::string, double>& values) {
  std::vector<std::string> cells{std::to_string(step)};
  for (const std::string& column : columns_) {
    const auto it = values.find(column);
    cells.push_back(it == values.end() ? "" : fmt::format("{}", it->second));
  }
  for (const auto& [name, value] : values)
    if (std::find(columns_.begin(), columns_.end(), name) == columns_.end())
      fail("{}: no column \"{}\" for the value {} of step {}", path_, name, value, step);
  std::ofstream file(path_, std::ios::app);
  file << csv_line(cells) << std::flush;
  if (!file) fail("{}: step {} could not be written; is the disk full?", path_, step);
}

}  // namespace flashrna
