// How well the network's nucleotides agree with those of natives that it was not trained on: recovery and perplexity,
// beside two predictors that see no structure. It is given the native backbone at t = 1 without any letter, as the
// sampler gives it a finished sample.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "datasets/dataset_reader.h"
#include "libfold/sampling/sampler.h"

namespace flashrna {

// Sums over residues of known letter.
struct LetterScore {
  long residues = 0;
  long right = 0;                // whose most probable (or drawn) letter is the native one
  double log_probability = 0.0;  // natural logarithm of the native letter; NaN where a predictor gives none

  void add(bool is_right, double log_p);
  double recovery() const;    // NaN without residues
  double perplexity() const;  // exp of the mean negative logarithm; NaN without residues
};

struct SequenceRecovery {
  std::string predictor;
  LetterScore all, paired, loops;  // paired: with a base-pair partner in the dataset
};

struct SequenceRecoverySettings {
  std::vector<std::size_t> counted;   // chains of the dataset for the two frequency tables
  std::vector<std::size_t> held_out;  // chains that are measured
  int longest = 1500;                 // residues; longer held-out chains are left out
  double temperature = 0.1;           // of the designs
  std::uint64_t seed = 0;             // of the designs
};

// The predictors, in order: the network with the pairs given (only if it takes pairs), the network with the backbone
// alone, one design per chain (sequence_design.h) with the native pairs, frequencies of the letters, frequencies of the
// letters of paired and of unpaired residues. Throws Error if the model has no letter head or if no residue remains.
std::vector<SequenceRecovery> measure_sequence_recovery(const DatasetReader& dataset, Sampler& sampler,
                                                        const SequenceRecoverySettings& settings,
                                                        const std::function<void()>& on_chain = {});

}  // namespace flashrna
