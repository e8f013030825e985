// Clusters of sequences that share words of nine nucleotides or five amino acids: a rough substitute for the programs
// of sequence_clusters.h, without alignment.
#pragma once

#include <string>
#include <vector>

#include "datasets/polymer.h"

namespace flashrna {

inline constexpr int kWordLength = 9;
inline constexpr int kProteinWordLength = 5;
// Two sequences share a cluster if the longer one holds at least this share of the shorter one's words ...
inline constexpr double kLeastContainment = 0.45;         // of RNA
inline constexpr double kLeastProteinContainment = 0.25;  // 0.8^5 = 0.33 of the words survive at 80 % identity
// ... and is at most 1 / kLeastLengthRatio times as long.
inline constexpr double kLeastLengthRatio = 0.5;

// The cluster of each sequence, numbered from 0 in the order of first members. From the longest on, each sequence is
// compared with those that began a cluster; it joins all clusters whose first member it resembles, or begins one. Words
// with other letters than A, C, G and U, or those of the 20 amino acids, do not count. Equal sequences share a cluster;
// shorter ones than a word share no other. Time is linear in the number of words, apart from words that many clusters
// have.
std::vector<int> cluster_by_words(const std::vector<std::string>& sequences, Polymer polymer = Polymer::kRna);

}  // namespace flashrna
