// Draws sequences for a sampled backbone from the nucleotide probabilities of the network (libfold/nn/letter_head.h).
// Paired residues are drawn jointly among the canonical pairs; all others are independent of each other. An
// inverse-folding program, which conditions every letter on those before it, designs better sequences.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "rna/nucleotide.h"

namespace flashrna {

class RandomStream;

struct DesignedSequence {
  std::vector<Base> bases;            // [L], A, C, G or U
  double mean_log_probability = 0.0;  // natural logarithm per drawn residue, at temperature 1; 0 if none is drawn
};

// The pairs that a design respects, [L]: those asked for, and where nothing is asked (kUnspecified, or `asked` is
// empty) those found in the sample between two such residues. kUnpaired elsewhere. Partners beyond L are those of
// Design::partner. Throws Error for different lengths.
std::vector<int> pairs_to_design(std::span<const int> asked, std::span<const int> found);

// Draws the letter of every residue that `given` leaves open.
// `log_probabilities`: [L] of A, C, G, U. `partner`: [L], kUnpaired or a position; the letters a, b of a pair (i, j)
// have the probability p_i(a) p_j(b) among GC, CG, AU, UA, GU and UG. `given`: [L] letters that stay, Base::N = open;
// empty: all open. A pair with one given letter draws the other among its canonical partners. `temperature` > 0 divides
// the logarithms. Takes one number of `stream` per residue or pair, in the order of the first residue. Throws Error for
// spans of different lengths and UsageError for other temperatures.
DesignedSequence design_sequence(std::span<const std::array<double, 4>> log_probabilities, std::span<const int> partner,
                                 std::span<const Base> given, double temperature, RandomStream& stream);

// FASTA records "NAME_design_0 mean_log_probability=-0.8312", ...
std::string designs_as_fasta(const std::string& name, std::span<const DesignedSequence> designs);

}  // namespace flashrna
