// Configuration of a sampling run: the options that determine its files. Saved in its folder as config.ini, from which
// the same run can be made again (libfold/sampling/spec_file.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  // "motif": those of the motif's residues in their file; "none": no pair is specified (drawn_structures.h).
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
  std::string start_chain;        // chain identifiers, separated by commas; "" = the first with RNA
  std::string symmetry;           // group of libfold/sampling/symmetry.h
  int samples = 10;               // per length, secondary structure, sequence or contig; at most kMostSamples
  int steps = 20;                 // calls of the model per sample, >= 2; more make no better samples (docs/sampling.md)
  std::string schedule;           // of the rotations: linear, exponential[:rate[:start]]; "" = the checkpoint's
  std::string unpaired_schedule;  // of residues without a partner in the given structure; "" = the checkpoint's
  std::string conformers = "drawn";  // of the backbone, by the network's probabilities; or likeliest
  double noise_scale = 1.0;          // factor of the standard deviation of the initial translations, > 0
  int steric_rounds = 20;            // rounds per step that move overlapping residues apart; >= 0
  int relax_rounds = 300;            // rounds of the final correction of overlaps, links and requested pairs; >= 0
  int pair_rounds = 10;              // rounds of that correction per step if pairs are requested; >= 0
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

// Calls visit(name, field, placeholder, description) for every setting: the one list of them, for config.ini, spec
// files and the command line. `name` is the key in section [sample] and, with "-" for "_", the option of flashrna
// sample. An empty placeholder: it is no option of its own.
template <typename Config, typename Visit>
void for_each_sample_setting(Config& config, const Visit& visit) {
  visit("lengths", config.lengths, "LIST",
        "residues: lengths and ranges first-last:step, such as 40,60-120:20; 40+60 for two molecules");
  visit("secondary_structure", config.secondary_structure, "STRING|FILE",
        "base pairs to make: dot-bracket, & between molecules, ? where unspecified; or a .dbn, .bpseq or .ct file, "
        "each of whose structures makes --samples; or, with --lengths, grammar: drawn for each sample from the "
        "checkpoint's grammar (the default if it has one); with --motif, motif: those of its residues in the file (the "
        "default); or none: left to the network");
  visit("secondary_structure_sha256", config.secondary_structure_sha256, "", "of that file");
  visit("sequence", config.sequence, "STRING|FILE",
        "letters A, C, G, U, N or ? where unspecified; or a FASTA file. They name the residues, and are a "
        "condition where the model was trained with letters");
  visit("sequence_sha256", config.sequence_sha256, "", "of that file");
  visit("contig", config.contig, "ITEMS",
        "new residues and residues of --motif, such as 10-20,A23-41,5-10,B3-9,10-20; /0 begins a molecule");
  visit("motif", config.motif, "FILE", "PDB or mmCIF file with the residues that --contig names");
  visit("motif_sha256", config.motif_sha256, "", "of that file");
  visit("motif_groups", config.motif_groups, "KIND",
        "fixed: motif items keep their places; free: each item alone keeps its shape");
  visit("length", config.length, "N|MIN-MAX", "bounds of the total of --contig");
  visit("partial", config.partial, "T", "start from --start noised to time T, between 0 (noise) and 1");
  visit("start", config.start, "FILE", "PDB or mmCIF file to start from");
  visit("start_sha256", config.start_sha256, "", "of that file");
  visit("start_chain", config.start_chain, "IDS", "its chains, such as A,B; default: the first with RNA");
  visit("symmetry", config.symmetry, "GROUP", "C2 to C12, D2 to D6, T, O or I: the samples are its copies");
  visit("checkpoint", config.checkpoint, "FILE",
        "trained model, a run's folder for its last checkpoint, or a name of flashrna weights --list; default: the "
        "weights that ship with flashrna");
  visit("checkpoint_sha256", config.checkpoint_sha256, "", "of that file");
  visit("polymer", config.polymer, "", "of that model: rna or protein");
  visit("weights", config.weights, "KIND", "ema (raw where the checkpoint has no average) or raw");
  visit("samples", config.samples, "N", "backbones per length, structure, sequence or contig");
  visit("steps", config.steps, "N", "calls of the model per backbone, at least 2");
  visit("schedule", config.schedule, "NAME",
        "of the rotations: linear, or exponential[:rate[:start]], linear up to time start; default: the checkpoint's");
  visit("unpaired_schedule", config.unpaired_schedule, "NAME",
        "the same for residues that the secondary structure leaves unpaired; default: the checkpoint's, unless "
        "--schedule is given");
  visit("conformers", config.conformers, "KIND",
        "of the backbone, where the network gives each several with their probabilities: drawn, or likeliest");
  visit("noise_scale", config.noise_scale, "X", "times the standard deviation of the initial translations");
  visit("steric_rounds", config.steric_rounds, "N",
        "at each step, in which residues whose atoms overlap are moved apart; 0 = none");
  visit("relax_rounds", config.relax_rounds, "N",
        "in the end, in which small moves mend overlaps, links O3'-P and asked base pairs; 0 = none");
  visit("pair_rounds", config.pair_rounds, "N", "the same at each step, where base pairs are asked for; 0 = none");
  visit("seed", config.seed, "", "of the noise");
  visit("max_residues", config.max_residues, "N", "residues per batch; a longer backbone runs alone");
  visit("format", config.format, "NAME",
        "cif, pdb, both, or models: all samples of a batch as models of one mmCIF file");
  visit("nucleotide", config.nucleotide, "LETTER", "name of every residue: N, A, C, G or U");
  visit("design_sequence", config.design_sequence, "N",
        "sequences proposed per backbone, as FASTA beside it, pairs drawn jointly; no replacement for an "
        "inverse-folding program: docs/sampling.md says how to hand a backbone to one; 0 = none");
  visit("temperature", config.temperature, "T",
        "of that draw: 1 = the network's own probabilities, below 1 more of the probable letters");
  visit("all_atom", config.all_atom, "BOOL",
        "write the bases of named residues, placed by chi; needs a model with model.torsions = 9");
  visit("trajectory", config.trajectory, "STEPS",
        "all or every:N: keep these steps, noise first, in an HDF5 file per batch (docs/sampling.md)");
  visit("reference", config.reference, "FILE", "structure to compare samples of its length with (C4' RMSD)");
  visit("reference_chain", config.reference_chain, "ID", "its chain; default: the first with RNA");
}

// Values of SampleConfig::secondary_structure.
inline constexpr const char* kFromGrammar = "grammar";
inline constexpr const char* kFromMotif = "motif";
inline constexpr const char* kNoStructures = "none";

inline constexpr int kMostSamples = 1'000'000;

// "40,60-120:20" -> 40, 60, 80, 100, 120; sorted, without repeats. Throws UsageError naming the value and the grammar.
std::vector<int> parse_lengths(const std::string& text);

// The same where an item may also be several molecules: "40,30+50" -> {30, 50}, {40}.
std::vector<std::vector<int>> parse_molecule_lengths(const std::string& text);

// "all" -> 1, "every:N" -> N, "" -> 0: no trajectory. Throws UsageError.
int trajectory_interval(const std::string& text);

}  // namespace flashrna
