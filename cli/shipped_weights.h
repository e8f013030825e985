// Finds the weights that ship with the program, and their model card.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

// Candidates for a program in `folder`, in order: share/flashrna/weights beside an installed bin; if `folder` is a
// CMake build folder, weights/ of the source tree two levels up, as with the presets.
std::vector<std::string> shipped_weights_places(const std::string& folder);

// The weights of the running program. Throws UsageError with the searched places and a remedy if there are none.
std::string find_shipped_weights();

}  // namespace flashrna
