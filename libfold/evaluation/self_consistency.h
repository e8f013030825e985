// Self-consistency: an inverse-folding program designs sequences for a backbone, a folding program folds them, and the
// best of the folded structures is compared with the backbone (scTM, scRMSD). Both programs are the user's own, called
// by command templates. Failures are counted, not fatal; results are kept by content, so that a second run starts none.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libfold/evaluation/structure_set.h"

namespace flashrna {

struct SelfConsistencySettings {
  std::string inverse_folding;  // command with {backbone} (PDB to read), {fasta} (to write), perhaps {sequences}
  std::string folding;          // command with {fasta} (one sequence to read), {structure} (PDB or mmCIF to write)
  int sequences = 8;            // per backbone; >= 1
  double time_limit = 600.0;    // seconds for one command; > 0
  int jobs = 1;                 // commands at a time; >= 1
  std::string folder;           // keeps results, and logs of failed commands

  // Throws UsageError naming the option.
  void validate() const;
};

struct SampleConsistency {
  int folded = 0;              // sequences whose structure could be compared
  int failures = 0;            // commands that failed or whose result is of no use
  std::string first_failure;   // why; "" if none
  std::optional<double> tm;    // scTM: highest TM-score (C3', residue by residue) of the folded structures
  std::optional<double> rmsd;  // scRMSD: lowest RMSD of C4', Å
};

struct SelfConsistency {
  std::vector<SampleConsistency> of;  // by sample
  std::size_t commands = 0;           // that would run without results of former runs
  std::size_t kept = 0;               // of these, results of former runs
  std::size_t failures = 0;
};

struct SelfConsistencyCalls {
  std::function<void(std::size_t samples_done)> progress;  // from any thread
  std::function<bool()> stop;                              // ends what runs
};

// Structures need their backbones. Throws Error where the folder cannot be made or written.
SelfConsistency check_consistency(std::span<const MeasuredStructure> samples, const SelfConsistencySettings& settings,
                                  const SelfConsistencyCalls& calls = {});

// What the inverse-folding program reads: chain A numbered from 1, coordinates of the backbone atoms; residues without
// a base are called A, since such programs know four names. Throws Error for a backbone that does not fit PDB.
std::string backbone_pdb(const StoredBackbone& backbone);

struct Proportion {
  std::size_t successes = 0, count = 0;
  double low = 0.0, high = 1.0;  // 95 % interval of Wilson 1927 (doi:10.1080/01621459.1927.10502953)
};

Proportion wilson_proportion(std::size_t successes, std::size_t count);

struct LengthValidity {
  int first = 0, last = 0;  // residues
  Proportion valid;         // of the samples that have a scTM
};

// By length, of lengths and scores (none: not counted); more than 12 different lengths go into ranges of 20 nt.
std::vector<LengthValidity> validity_by_length(std::span<const int> lengths,
                                               std::span<const std::optional<double>> tm_scores, double least_tm);

}  // namespace flashrna
