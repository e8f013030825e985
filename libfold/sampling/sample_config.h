// Configuration of a sampling run: the options that determine its files, saved in its folder as config.ini.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/flow/schedule.h"
#include "rna/pairs/secondary_structure_file.h"

namespace flashrna {

class Configuration;

struct SampleConfig {
  std::string checkpoint;
  std::string checkpoint_sha256;
  std::string weights = "ema";  // ema (raw if the checkpoint has no average), raw
  std::string lengths;          // see parse_lengths
  // Dot-bracket, or a .dbn, .bpseq or .ct file; replaces lengths. Or "grammar": drawn from the checkpoint's grammar for
  // each sample; "none": nothing is said. "" = not given (drawn_structures.h).
  std::string secondary_structure;
  std::string secondary_structure_sha256;
  int samples = 10;          // per length, or per secondary structure
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
  std::string sequence;          // FASTA file with the residue names, instead of nucleotide; "" = none
  std::string sequence_sha256;
  int design_sequence = 0;      // sequences proposed per sample; 0 = none
  double temperature = 1.0;     // of their draw, > 0; below 1 the more probable letters are preferred
  bool all_atom = false;        // write the bases of named residues
  std::string trajectory;       // steps to keep: all, every:N; "" = none
  std::string reference;        // structure file; "" = none
  std::string reference_chain;  // "" = its first chain with RNA

  void add_options(Configuration& configuration);  // section [sample]
  void validate() const;                           // throws UsageError naming the option
  // What secondary_structure says: structures, from which the lengths follow; or structures of any kind.
  bool gives_structures() const;
  bool asks_for_pairs() const;
};

// Values of SampleConfig::secondary_structure.
inline constexpr const char* kFromGrammar = "grammar";
inline constexpr const char* kNoStructures = "none";

// The structures in `secondary_structure`, at least one. A single line of dot-bracket is a structure without a name.
// Throws Error that names the position of a syntax error.
std::vector<SecondaryStructureRecord> asked_structures(const SampleConfig& config);

// The requested lengths, ascending, without repeats.
std::vector<int> asked_lengths(const SampleConfig& config);

// "40,60-120:20" -> 40, 60, 80, 100, 120; sorted, without repeats. Throws UsageError naming the value and the grammar.
std::vector<int> parse_lengths(const std::string& text);

// "linear", "exponential" (rate 10) or "exponential:RATE". Throws UsageError.
RotationSchedule parse_schedule(const std::string& text);
// The inverse, with the rate: "exponential:10".
std::string schedule_text(const RotationSchedule& schedule);

// "all" -> 1, "every:N" -> N, "" -> 0: no trajectory. Throws UsageError.
int trajectory_interval(const std::string& text);

}  // namespace flashrna
