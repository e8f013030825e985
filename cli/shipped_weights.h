// The weights that come with the program, and their model card beside them.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

// Where they may lie for a program in `folder`, in order: share/flashrna/weights beside an installed bin, and where
// `folder` is a build of CMake's, weights/ of the source tree two levels up, where the presets build.
std::vector<std::string> shipped_weights_places(const std::string& folder);

// Those of the program that runs. Throws UsageError, saying where it looked and what to do, if there are none.
std::string find_shipped_weights();

}  // namespace flashrna
