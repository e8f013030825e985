// Secondary structures of samples that are given none, drawn from the checkpoint's grammar
// (rna/pairs/structure_grammar.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rna/pairs/structure_sampler.h"

namespace flashrna {

// Partners of a sample, [length], drawn from the stream (seed, "secondary_structure", length, index). They do not
// depend on the other samples.
std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, int length, std::uint64_t index);

}  // namespace flashrna
