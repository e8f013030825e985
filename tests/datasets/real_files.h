// The real structure files, which are not part of the repository: sample/, large/ and the members of train.tar.xz.
#pragma once

#include <functional>
#include <string>

namespace flashrna {

using FileCall = std::function<void(const std::string& name, const std::string& bytes)>;

// Calls `call` with every file below `folder`, the shared folder "structures", with names as in its
// expected_chains.csv: "sample/1EHZ.cif", "train/1A9N.cif". Throws Error if the archive cannot be read.
void for_each_real_file(const std::string& folder, const FileCall& call);

}  // namespace flashrna
