// What files of one sample have in common: the structure, its native, what was asked of it.
#pragma once

#include <string>

namespace flashrna {

// The name without its folder, number of model or chain, and ending: "1ehz" of "folder/1ehz.cif.gz#2" and of
// "1ehz.dbn".
std::string sample_stem(const std::string& name);

}  // namespace flashrna
