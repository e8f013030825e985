#include "datasets/cluster_table.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/disjoint_sets.h"
#include "base/error.h"
#include "base/letter_case.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "datasets/unique_chains.h"
#include "rna/pdb_id.h"

namespace flashrna {

namespace {

// "1ehz_A" and "pdb_00001ehz_A" become "1EHZ_A"; names without a PDB id are unchanged.
std::string normalized(std::string_view name) {
  for (const std::size_t length : {std::size_t{12}, std::size_t{4}}) {
    const std::string_view id = name.substr(0, length);
    const bool ends = name.size() == length || (name.size() > length && name[length] == '_');
    if (ends && id.size() == length && is_pdb_id(id)) return short_pdb_id(id) + std::string(name.substr(length));
  }
  return std::string(name);
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \r") - first + 1);
}

// Splits a line at commas or tabs if it has any, so that a name may contain blanks; otherwise at blanks.
std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  if (line.find_first_of(",\t") == std::string::npos) return {std::istream_iterator<std::string>(stream), {}};
  const char separator = line.find(',') != std::string::npos ? ',' : '\t';
  std::vector<std::string> words;
  for (std::string word; std::getline(stream, word, separator);) words.push_back(trimmed(word));
  return words;
}

bool is_header(const std::vector<std::string>& words) { return to_lower(words[1]).starts_with("cluster"); }

// `text` as an integer; -1 if it is not one.
int as_number(const std::string& text) {
  int number = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? number : -1;
}

std::string read_text(const std::string& path) {
  if (std::filesystem::is_directory(path)) fail("{}: is a folder, not a table of clusters", path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("{}: cannot open the table of clusters: {}", path, std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) fail("{}: cannot read the table of clusters: {}", path, std::strerror(errno));
  drop_byte_order_marks(text, path);
  return text;
}

struct Row {
  std::string name, cluster;
  int line;
};

std::vector<Row> rows_of(const std::string& text, const std::string& path) {
  std::vector<Row> rows;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::vector<std::string> words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words.size() != 2) {
      fail("{}:{}: {} columns, expected two: an entry or chain (1EHZ, 1EHZ_A) and its cluster", path, number,
           words.size());
    }
    if (rows.empty() && is_header(words)) continue;
    rows.push_back({normalized(words[0]), words[1], number});
  }
  if (rows.empty())
    fail("{}: no cluster in it; expected lines of an entry or chain (1EHZ, 1EHZ_A) and its cluster", path);
  return rows;
}

}  // namespace

ClusterTable ClusterTable::read(const std::string& path) {
  const std::string text = read_text(path);
  const std::vector<Row> rows = rows_of(text, path);
  ClusterTable table;
  table.fingerprint_ = sha256_hex(text).substr(0, 16);
  const bool are_numbers =
      std::all_of(rows.begin(), rows.end(), [](const Row& row) { return as_number(row.cluster) >= 0; });
  std::unordered_map<std::string, int> numbers;
  for (const Row& row : rows) {
    const int cluster = are_numbers ? as_number(row.cluster)
                                    : numbers.emplace(row.cluster, static_cast<int>(numbers.size())).first->second;
    const auto [known, is_new] = table.clusters_.emplace(row.name, cluster);
    if (!is_new && known->second != cluster) {
      fail("{}:{}: {} is in cluster {}, but an earlier line puts it in another", path, row.line, row.name, row.cluster);
    }
  }
  return table;
}

int ClusterTable::cluster_of(const ChainRecord& record) const {
  const std::vector<int> clusters = clusters_of(record);
  return clusters.empty() ? -1 : clusters.front();
}

std::vector<int> ClusterTable::clusters_of(const ChainRecord& record) const {
  const auto find = [&](const std::string& name) {
    const auto found = clusters_.find(normalized(name));
    return found != clusters_.end() ? found->second : -1;
  };
  for (const std::string& name : {record.id, chain_record_id(record)}) {
    if (const int cluster = find(name); cluster >= 0) return {cluster};
  }
  std::vector<int> clusters;
  std::istringstream chains(record.chain_ids);
  ChainRecord single = record;
  while (std::getline(chains, single.chain_ids, ',')) {
    int cluster = find(chain_record_id(single));
    if (cluster < 0) cluster = find(record.entry + "_" + single.chain_ids);
    if (cluster >= 0 && std::ranges::find(clusters, cluster) == clusters.end()) clusters.push_back(cluster);
  }
  if (const int cluster = find(record.entry); clusters.empty() && cluster >= 0) clusters.push_back(cluster);
  return clusters;
}

std::vector<int> join_clusters(const std::vector<std::vector<int>>& clusters) {
  std::map<int, std::size_t> index;  // of a cluster's number among all of them, in their order
  for (const std::vector<int>& of_record : clusters) {
    for (const int cluster : of_record) index.emplace(cluster, 0);
  }
  std::vector<int> numbers;
  for (auto& [number, place] : index) {
    place = numbers.size();
    numbers.push_back(number);
  }
  DisjointSets sets(numbers.size());
  for (const std::vector<int>& of_record : clusters) {
    for (const int cluster : of_record) sets.join(index.at(of_record.front()), index.at(cluster));
  }
  std::vector<int> joined;
  for (const std::vector<int>& of_record : clusters) {
    joined.push_back(of_record.empty() ? -1 : numbers[sets.find(index.at(of_record.front()))]);
  }
  return joined;
}

}  // namespace flashrna
