// Reads the clusters of chains from a table with two columns, entry or chain and cluster, separated by a comma, a tab
// or blanks. A first line whose second word begins with "cluster" is a header.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "datasets/dataset_records.h"

namespace flashrna {

class ClusterTable {
 public:
  // Throws Error naming file and line if a line does not have two columns or a name is in two clusters.
  static ClusterTable read(const std::string& path);

  // Looks up a chain by its id in the dataset ("1EHZ_1_A", "1EHZ_1_A.2"), then "1EHZ_1_A", then "1EHZ_A", then "1EHZ";
  // of an assembly, the first of its chains that the table has. PDB ids are case-insensitive, chain ids are not.
  // Returns -1 if the table has no such name. Clusters named by integers keep them; others are numbered from 0 in table
  // order.
  int cluster_of(const ChainRecord& record) const;

  // The clusters of all chains of an assembly, each looked up like a chain; of one chain, cluster_of as the only
  // member. Empty if the table has none of them. Records whose clusters overlap are related, and so are the clusters of
  // a record: join_clusters.
  std::vector<int> clusters_of(const ChainRecord& record) const;

  std::size_t size() const { return clusters_.size(); }            // number of names
  const std::string& fingerprint() const { return fingerprint_; }  // hash of the file's bytes, 16 hexadecimal digits

 private:
  std::unordered_map<std::string, int> clusters_;
  std::string fingerprint_;
};

// One cluster per record, from the clusters of its chains: clusters that a record connects become one, with the lowest
// number of them. -1 for a record without any.
std::vector<int> join_clusters(const std::vector<std::vector<int>>& clusters);

}  // namespace flashrna
