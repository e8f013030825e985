#include "libfold/sampling/sample_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "base/error.h"

namespace flashrna {

SampleTable::Content SampleTable::read(const std::string& path, const std::vector<std::string>& columns) {
  std::ifstream file(path);
  std::string line;
  Content content;
  content.is_whole = std::getline(file, line) && split_csv_line(line) == columns;
  while (content.is_whole && std::getline(file, line)) {
    const std::vector<std::string> cells = split_csv_line(line);
    // A line without a line end was being written when the run was killed.
    if (file.eof() || cells.size() != columns.size()) {
      content.is_whole = false;
      break;
    }
    Row& row = content.rows[cells.front()];
    for (std::size_t i = 0; i < cells.size(); ++i) row[columns[i]] = cells[i];
  }
  return content;
}

SampleTable::SampleTable(std::string path, std::vector<std::string> columns)
    : path_(std::move(path)), columns_(std::move(columns)) {
  Content content = read(path_, columns_);
  rows_ = std::move(content.rows);
  if (!content.is_whole) rewrite();
}

const SampleTable::Row* SampleTable::find(const std::string& name) const {
  const auto found = rows_.find(name);
  return found == rows_.end() ? nullptr : &found->second;
}

void SampleTable::add(const std::vector<Row>& rows) {
  if (rows.empty()) return;
  std::string lines;
  bool in_order = true;
  for (const Row& row : rows) {
    const std::string& name = row.at(columns_.front());
    in_order = in_order && (rows_.empty() || rows_.key_comp()(rows_.rbegin()->first, name));
    rows_[name] = row;
    lines += line_of(row);
  }
  if (in_order)
    append(lines);
  else
    rewrite();
}

std::string SampleTable::line_of(const Row& row) const {
  std::vector<std::string> cells;
  for (const std::string& column : columns_) cells.push_back(row.at(column));
  return csv_line(cells);
}

void SampleTable::rewrite() const {
  std::string text = csv_line(columns_);
  for (const auto& [name, row] : rows_) text += line_of(row);
  write_file_atomically(path_, text);
}

void SampleTable::append(const std::string& lines) const {
  const int descriptor = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor < 0) fail("{}: cannot write: {}", path_, std::strerror(errno));
  const auto size = static_cast<ssize_t>(lines.size());
  const bool written = write(descriptor, lines.data(), lines.size()) == size && fsync(descriptor) == 0;
  const int reason = errno;
  close(descriptor);
  if (!written) fail("{}: cannot write: {}; free some space", path_, std::strerror(reason));
}

}  // namespace flashrna
