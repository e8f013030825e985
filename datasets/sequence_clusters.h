// Clusters similar sequences with MMseqs2 (Steinegger & Söding 2017, doi:10.1038/nbt.3988) or CD-HIT (Fu et al. 2012,
// doi:10.1093/bioinformatics/bts565), if the program is installed, or by shared words (kmer_clusters.h).
#pragma once

#include <string>
#include <vector>

#include "datasets/polymer.h"

namespace flashrna {

// Needs no program and has no settings: identity and coverage are not used. Words of proteins have kProteinWordLength
// letters (kmer_clusters.h).
inline constexpr const char* kSharedWords = "9-mers";
inline constexpr const char* kSharedProteinWords = "5-mers";

constexpr const char* shared_words(Polymer polymer) {
  return polymer == Polymer::kRna ? kSharedWords : kSharedProteinWords;
}
// CD-HIT has a program for each.
constexpr const char* cd_hit_program(Polymer polymer) { return polymer == Polymer::kRna ? "cd-hit-est" : "cd-hit"; }

struct SequenceClustering {
  std::string program = "mmseqs";  // or cd_hit_program, shared_words
  double identity = 0.8;  // lowest identity to the cluster's representative; cd-hit-est: at least 0.75, cd-hit: 0.4
  double coverage = 0.8;  // lowest share of the longer sequence that the alignment covers
  int threads = 0;        // 0: base/thread_limits.h
  Polymer polymer = Polymer::kRna;
};

// "mmseqs" or CD-HIT's program, the first that is installed, else shared words.
std::string installed_clustering(Polymer polymer = Polymer::kRna);

// Throws UsageError for a value out of range or an unknown program; throws Error naming the package to install if the
// program is missing, or with the program's message if it fails.
void check_clustering(const SequenceClustering& options);

// The cluster of each sequence (parents as letters: A, C, G, U, N, or amino acids and X), numbered from 0 in the order
// of first members. Identical sequences always share a cluster. Sequences too short for the program share no other.
std::vector<int> cluster_sequences(const std::vector<std::string>& sequences, const SequenceClustering& options);

// "mmseqs:0.8:0.8:0123456789abcdef": program, settings, and a hash of the chains and their clusters. In place of the
// fingerprint of a table (cluster_table.h): equal marks mean equal clusters of the same chains.
std::string clustering_mark(const std::string& how, const std::vector<std::string>& ids,
                            const std::vector<int>& clusters);

}  // namespace flashrna
