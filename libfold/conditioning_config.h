// How a training step draws what the network is told (libfold/conditioning.h).
#pragma once

namespace flashrna {

class Configuration;

struct ConditioningConfig {
  double pairs_hidden = 0.2;    // share of chains of which no pair is said
  double pairs_partial = 0.5;   // of the others, share of which only islands of 20 to 100 % of the residues are said
  double letters_hidden = 0.3;  // share of chains of which no letter is said; of the others a random share is
  double motif_rate = 0.3;      // share of chains with given residues
  double motif_least = 0.05;    // share of the residues that is given, uniform between these two
  double motif_most = 0.5;
  int motif_segments = 4;  // at most

  void add_options(Configuration& configuration);  // section [conditioning]
  void validate() const;                           // throws UsageError naming the key
};

}  // namespace flashrna
