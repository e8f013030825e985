// Small inputs for the tests of the program, made from ideal geometry without downloads.
#pragma once

#include <string>
#include <vector>

#include "tests/datasets/example_structures.h"

namespace flashrna {

// Options for a model small enough to train a few steps per second. On the command line they take precedence over the
// configuration file.
std::vector<std::string> small_model_words();

// Creates structures/ with twelve entries of one chain each, as mmCIF and PDB, rna.h5 converted from them, and configs/
// copied from the repository.
void make_small_project(const TemporaryFolder& folder);

// Trains a few steps in `folder` (make_small_project) into `run`, with additional arguments. Throws Error with the
// program's message if it fails.
void train_small_model(const TemporaryFolder& folder, const std::string& run,
                       const std::vector<std::string>& more = {});

}  // namespace flashrna
