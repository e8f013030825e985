// Configuration of a sampling run: the options that determine its files. Saved in its folder as config.ini, from which
// the same run can be made again (libfold/sampling/spec_file.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/flow/schedule.h"
#include "libfold/polymer.h"

namespace flashrna {

class Configuration;

struct SampleConfig {
  std::string checkpoint;
  std::string checkpoint_sha256;
  std::string polymer = "rna";  // of the checkpoint: rna or protein
  std::string weights = "ema";  // ema (raw if the checkpoint has no average), raw
  // What is asked for (docs/design.md). "" = not given; files have the SHA-256 of their content beside them.
  std::string lengths;  // see parse_molecule_lengths
  // Dot-bracket, or a .dbn, .bpseq or .ct file. Or "grammar": drawn from the checkpoint's grammar for each sample;
  // "none": nothing is said (drawn_structures.h).
  std::string secondary_structure;
  std::string secondary_structure_sha256;
  std::string sequence;  // letters, or a FASTA file
  std::string sequence_sha256;
  std::string contig;  // libfold/design/contig.h
  std::string motif;   // structure file of the contig's residues
  std::string motif_sha256;
  std::string motif_groups = "fixed";  // fixed: all motif items keep their places; free: each item alone
  std::string length;                  // bounds of the contig's total
  double partial = 0.0;                // time to which `start` is noised, between 0 and 1; 0 = from noise
  std::string start;                   // structure file
  std::string start_sha256;
  std::string start_chain;   // chain identifiers, separated by commas; "" = the first with RNA
  std::string symmetry;      // group of libfold/sampling/symmetry.h
  int samples = 10;          // per length, secondary structure, sequence or contig; at most kMostSamples
  int steps = 50;            // calls of the model per sample, >= 2
  std::string schedule;      // of the rotations: linear, exponential[:rate]; "" = the checkpoint's
  double noise_scale = 1.0;  // factor of the standard deviation of the initial translations, > 0
  int steric_rounds = 20;    // rounds per step that move overlapping residues apart; >= 0
  int relax_rounds = 100;    // rounds of the final correction of overlaps, links and requested pairs; >= 0
  int pair_rounds = 10;      // rounds of that correction per step if pairs are requested; >= 0
  std::uint64_t seed = 0;
  long max_residues = 4096;      // per batch; a longer sample is a batch of its own
  std::string format = "cif";    // cif, pdb, both: one file per sample; models: one mmCIF file of models per batch
  std::string nucleotide = "N";  // residue name of every nucleotide: N, A, C, G or U
  int design_sequence = 0;       // sequences proposed per sample; 0 = none
  double temperature = 1.0;      // of their draw, > 0; below 1 the more probable letters are preferred
  bool all_atom = false;         // write the bases of named residues
  std::string trajectory;        // steps to keep: all, every:N; "" = none
  std::string reference;         // structure file; "" = none
  std::string reference_chain;   // "" = its first chain with RNA

  void add_options(Configuration& configuration);  // section [sample]
  void validate() const;                           // throws UsageError naming the option; reads no file
  // Throws UsageError for an option that the polymer of the checkpoint does not have.
  void validate_polymer() const;
  Polymer polymer_kind() const { return parse_polymer(polymer, "sample.polymer"); }
  // What secondary_structure says: structures, from which the lengths follow; or structures of any kind.
  bool gives_structures() const;
  bool asks_for_pairs() const;

 private:
  void validate_design() const;
};

// Values of SampleConfig::secondary_structure.
inline constexpr const char* kFromGrammar = "grammar";
inline constexpr const char* kNoStructures = "none";

inline constexpr int kMostSamples = 1'000'000;

// "40,60-120:20" -> 40, 60, 80, 100, 120; sorted, without repeats. Throws UsageError naming the value and the grammar.
std::vector<int> parse_lengths(const std::string& text);

// The same where an item may also be several molecules: "40,30+50" -> {30, 50}, {40}.
std::vector<std::vector<int>> parse_molecule_lengths(const std::string& text);

// "linear", "exponential" (rate 10) or "exponential:RATE". Throws UsageError.
RotationSchedule parse_schedule(const std::string& text);
// The inverse, with the rate: "exponential:10".
std::string schedule_text(const RotationSchedule& schedule);

// "all" -> 1, "every:N" -> N, "" -> 0: no trajectory. Throws UsageError.
int trajectory_interval(const std::string& text);

}  // namespace flashrna
