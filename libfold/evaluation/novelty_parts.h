// Results of find_novelty in files, one per part of the samples: jobs of an array search for their samples, and one
// joins the results.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/shard.h"
#include "libfold/evaluation/novelty.h"

namespace flashrna {

// The folder of the parts of these samples and this reference, below `folder`: parts_<hash of all positions>. Other
// inputs have another folder. C3' positions, Å.
std::string novelty_parts_folder(const std::string& folder, std::span<const std::vector<Vec3>> structures,
                                 std::span<const std::vector<Vec3>> reference);

// `search` holds the structures that the shard takes, in order. Numbers are written with all digits.
void write_novelty_part(const std::string& parts_folder, const Shard& shard, const NoveltySearch& search);

// The search over all `structures` structures. Throws Error naming the parts that are missing or damaged.
NoveltySearch read_novelty_parts(const std::string& parts_folder, std::size_t structures, std::size_t reference);

}  // namespace flashrna
