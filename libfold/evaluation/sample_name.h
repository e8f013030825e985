// The common name of the files of one sample: the structure, its native, its requested secondary structure.
#pragma once

#include <string>

namespace flashrna {

// The name without folder, model number or chain, and extension: "1ehz" for "folder/1ehz.cif.gz#2" and for "1ehz.dbn".
std::string sample_stem(const std::string& name);

}  // namespace flashrna
