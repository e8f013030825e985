// How a training step draws conditions (libfold/conditioning.h).
#pragma once

namespace flashrna {

class Configuration;

struct ConditioningConfig {
  double pairs_hidden = 0.2;    // fraction of chains without specified pairs
  double pairs_partial = 0.5;   // of the others, fraction with pairs in segments of 20 to 100 % of the residues
  double letters_hidden = 0.3;  // fraction of chains without letters; others specify a random fraction
  double motif_rate = 0.3;      // fraction of chains with given residues
  double motif_least = 0.05;    // fraction of the residues that is given, uniform between these two
  double motif_most = 0.5;
  int motif_segments = 4;    // maximum
  double free_motifs = 0.5;  // of motifs, fraction whose segments move relative to each other; for motif groups

  void add_options(Configuration& configuration);  // section [conditioning]
  void validate() const;                           // throws UsageError naming the key
};

}  // namespace flashrna
