// Part K of N of a work, for one job of a job array.
#pragma once

#include <cstddef>
#include <string>

namespace flashrna {

struct Shard {
  int number = 1;  // 1.. count
  int count = 1;

  bool whole() const { return count == 1; }
  // Whether item `i` is in this part of items that are dealt out in turn.
  bool takes(std::size_t i) const { return static_cast<int>(i % static_cast<std::size_t>(count)) == number - 1; }
  std::string text() const;  // "3/16"
  // "samples.csv" for the whole, "samples.3-of-16.csv" for a part.
  std::string file_name(const std::string& stem, const std::string& ending) const;
};

// "3/16"; "" = the whole. Throws UsageError.
Shard parse_shard(const std::string& text);

}  // namespace flashrna
