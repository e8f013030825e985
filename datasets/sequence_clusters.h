// Clusters of similar sequences, computed by a program that is made for it: MMseqs2 (Steinegger & Söding 2017,
// doi:10.1038/nbt.3988) or CD-HIT (Fu et al. 2012, doi:10.1093/bioinformatics/bts565), where one is installed.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

struct SequenceClustering {
  std::string program = "mmseqs";  // or "cd-hit-est"
  double identity = 0.8;           // lowest identity to the cluster's representative; cd-hit-est: 0.75 at least
  double coverage = 0.8;           // share of the longer sequence that the alignment covers
  int threads = 0;                 // 0 = one per core
};

// Throws UsageError for a value out of range, or a program that is neither of the two; Error naming what to install if
// it is not there, or with its own message if it fails.
void check_clustering(const SequenceClustering& options);

// The cluster of each sequence (parent bases A, C, G, U, N), numbered from 0 in the order of first members. Identical
// sequences always share one, also those too short for the program, which otherwise stand alone.
std::vector<int> cluster_sequences(const std::vector<std::string>& sequences, const SequenceClustering& options);

}  // namespace flashrna
