// metrics.csv of a run: one row per logged step, appended and flushed at once, so that a killed run keeps its rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flashrna {

class MetricsLog {
 public:
  // Opens or creates `path`. The first column is "step", followed by `columns`. Removes a truncated last line and the
  // rows after `last_step`, which a run wrote after its last checkpoint. Rows of an older program, which had fewer
  // columns, get empty cells. Throws Error if the file cannot be written or has columns that are not known.
  MetricsLog(std::string path, std::vector<std::string> columns, std::int64_t last_step);

  // Leaves a column without a value empty. Throws Error for a value without a column, or if the disk is full.
  void append(std::int64_t step, const std::map<std::string, double>& values);

 private:
  std::vector<std::string> header() const;

  std::string path_;
  std::vector<std::string> columns_;
};

}  // namespace flashrna
