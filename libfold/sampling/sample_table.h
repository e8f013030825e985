// A CSV file of a sampling run. Rows are sorted by the name in the first column (SampleNameOrder) and are written as
// soon as they are added.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "libfold/design/sample_name.h"

namespace flashrna {

class SampleTable {
 public:
  using Row = std::map<std::string, std::string>;  // by column; values must not contain line breaks
  using Rows = std::map<std::string, Row, SampleNameOrder>;

  struct Content {
    Rows rows;
    bool is_whole = false;  // the file is complete, including its header line
  };
  // Reads the complete rows of a table that another run may be writing to. Returns no rows if its columns differ.
  static Content read(const std::string& path, const std::vector<std::string>& columns);

  // Reads `path` if it exists, without an incomplete last row from a killed run. Ignores rows with other columns.
  SampleTable(std::string path, std::vector<std::string> columns);

  const std::vector<std::string>& columns() const { return columns_; }
  const Rows& rows() const { return rows_; }
  // nullptr if there is no such row.
  const Row* find(const std::string& name) const;
  // Adds rows, or replaces rows with the same first column. Appends to the file if the order allows it, so that a long
  // run does not rewrite its table after every batch. Throws Error naming the file.
  void add(const std::vector<Row>& rows);

 private:
  std::string line_of(const Row& row) const;
  void rewrite() const;
  void append(const std::string& lines) const;

  std::string path_;
  std::vector<std::string> columns_;
  Rows rows_;
};

}  // namespace flashrna
