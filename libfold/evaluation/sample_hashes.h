// Compares the files of a sampling run with the SHA-256 in its samples.csv.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

// Files that changed since `flashrna sample` wrote them: of the folders among `inputs` that hold a samples.csv, and of
// the files among them that lie beside one. Files that are missing or not in the table do not count. Throws Error if a
// table cannot be read.
std::vector<std::string> changed_samples(const std::vector<std::string>& inputs);

}  // namespace flashrna
