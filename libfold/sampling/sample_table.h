// A CSV file of a sampling run: rows with a name in the first column, sorted by it, on disk as soon as they are added.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace flashrna {

class SampleTable {
 public:
  using Row = std::map<std::string, std::string>;  // by column; values hold no comma

  struct Content {
    std::map<std::string, Row> rows;
    bool is_whole = false;  // nothing is missing in it, its first line neither
  };
  // What is in a table that another run may be writing to: its finished rows, none if its columns are others.
  static Content read(const std::string& path, const std::vector<std::string>& columns);

  // Reads `path` if it is there, without what a killed run left unfinished; rows of other columns are not ours.
  SampleTable(std::string path, std::vector<std::string> columns);

  const std::vector<std::string>& columns() const { return columns_; }
  const std::map<std::string, Row>& rows() const { return rows_; }
  // nullptr if there is none.
  const Row* find(const std::string& name) const;
  // Rows by their first column; those that are there are replaced. Appends where the order allows, so that a long run
  // does not write its table again for every batch. Throws Error naming the file.
  void add(const std::vector<Row>& rows);

 private:
  std::string line_of(const Row& row) const;
  void rewrite() const;
  void append(const std::string& lines) const;

  std::string path_;
  std::vector<std::string> columns_;
  std::map<std::string, Row> rows_;
};

}  // namespace flashrna
