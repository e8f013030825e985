// What `flashrna --version` prints: the program and the libraries that decide its results.
#pragma once

#include <string>

namespace flashrna {

// The program's own version, "0.1.0".
std::string program_version();

// Several lines: flashrna, LibTorch, CUDA, HDF5, gemmi.
std::string version_text();

}  // namespace flashrna
