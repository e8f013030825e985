// Secondary structures for samples of which none is given: drawn from the checkpoint's grammar
// (rna/pairs/structure_grammar.h) where only the length is given, those of a motif in its file around a motif.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libfold/sampling/sample_plan.h"
#include "rna/pairs/structure_sampler.h"

namespace flashrna {

struct Checkpoint;

// Where lengths alone are given and the checkpoint's model takes pairs and has a grammar, sets
// config.secondary_structure to kFromGrammar. Returns the grammar if that is its value. Throws Error if it was given
// and the checkpoint has no grammar, or a damaged one.
std::optional<StructureGrammar> choose_grammar(SampleConfig& config, const Checkpoint& checkpoint);

// Where a motif is given and no secondary structure, and the checkpoint's model takes pairs, sets
// config.secondary_structure to kFromMotif. If that is its value, gives the samples of the batches the pairs of their
// motif residues (set_motif_partners) and returns whether there are any.
bool set_motif_structures(std::vector<PlannedBatch>& batches, SampleConfig& config, const Checkpoint& checkpoint);

// Partners of a sample, [length], drawn from the stream (seed, "secondary_structure", length, index). They do not
// depend on other samples.
std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, int length, std::uint64_t index);

// The same for a design. Several molecules are drawn one by one, without pairs between them, from the streams
// (seed, "secondary_structure", length, index, number of the molecule).
std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, const Design& design,
                                std::uint64_t index);

// Gives every sample of the batches a structure of its own.
void draw_structures(std::vector<PlannedBatch>& batches, const StructureGrammar& grammar, std::uint64_t seed);

// Dot-bracket records of the samples, named after them, with all copies of a `symmetry` ("": none).
std::string structures_text(const std::vector<PlannedBatch>& batches, const std::string& symmetry);

}  // namespace flashrna
