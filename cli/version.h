// The output of `flashrna --version`: the program and the libraries that affect its results.
#pragma once

#include <string>

namespace flashrna {

// Version of the program, "0.1.0".
std::string program_version();

// Several lines: flashrna, LibTorch, CUDA, HDF5, gemmi.
std::string version_text();

}  // namespace flashrna
