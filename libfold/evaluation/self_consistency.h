// Self-consistency: an inverse-folding program designs sequences for a backbone, a folding program predicts their
// structures, and the best prediction is compared with the backbone (scTM, scRMSD). The user supplies both programs as
// command templates. Failures are counted and do not end the evaluation. Results are cached by content, so that a
// second run starts no command.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/watch.h"
#include "libfold/evaluation/structure_set.h"

namespace flashrna {

struct SelfConsistencySettings {
  std::string inverse_folding;  // command with {backbone} (PDB to read), {fasta} (to write), optionally {sequences}
  std::string folding;          // command with {fasta} (one sequence to read), {structure} (PDB or mmCIF to write)
  int sequences = 8;            // per backbone; >= 1
  double time_limit = 600.0;    // seconds for one command; > 0
  int jobs = 1;                 // concurrent commands; >= 1
  std::string folder;           // holds cached results and the logs of failed commands

  // Throws UsageError naming the option.
  void validate() const;
};

struct SampleConsistency {
  int folded = 0;              // sequences with a usable predicted structure
  int failures = 0;            // commands that failed or gave an unusable result
  std::string first_failure;   // reason; "" if none
  std::optional<double> tm;    // scTM: highest TM-score (C3', residue by residue) of the predicted structures
  std::optional<double> rmsd;  // scRMSD: lowest RMSD of C4', Å
};

struct SelfConsistency {
  std::vector<SampleConsistency> of;  // by sample
  std::size_t commands = 0;           // that a run without a cache would start
  std::size_t kept = 0;               // of these, answered from the cache
  std::size_t failures = 0;
  double seconds = 0.0;  // elapsed
};

// The samples must have backbones. `watch` follows the samples; its end also ends the running commands. Throws Error if
// the folder cannot be created or written.
SelfConsistency check_consistency(std::span<const MeasuredStructure> samples, const SelfConsistencySettings& settings,
                                  const Watch& watch = {});

// Input of the inverse-folding program: chain A numbered from 1, the backbone atoms. Residues of unknown base are
// written as A, because such programs accept four names only. Throws Error if the backbone does not fit the PDB format.
std::string backbone_pdb(const StoredBackbone& backbone);

struct Proportion {
  std::size_t successes = 0, count = 0;
  double low = 0.0, high = 1.0;  // 95 % interval of Wilson 1927 (doi:10.1080/01621459.1927.10502953)
};

Proportion wilson_proportion(std::size_t successes, std::size_t count);

struct LengthValidity {
  int first = 0, last = 0;  // residues
  Proportion valid;         // among the samples with a scTM
};

// Groups by length; samples without a score are not counted. With more than 12 different lengths, groups are ranges of
// 20 nt.
std::vector<LengthValidity> validity_by_length(std::span<const int> lengths,
                                               std::span<const std::optional<double>> tm_scores, double least_tm);

}  // namespace flashrna
