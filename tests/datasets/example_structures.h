// For the tests of datasets/: structures made from ideal geometry, without downloaded data.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rna/structure.h"
#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {

// A bonded chain of `length` nucleotides with all atoms; bases vary with `seed`.
Chain example_chain(const std::string& id, int length, int seed = 0);

// One entry with chains "A", "B", ..., "Z26", "Z27", ... of the given lengths.
Structure example_structure(const std::string& entry, const std::vector<int>& lengths);

std::string file_bytes(const std::string& path);

}  // namespace flashrna
