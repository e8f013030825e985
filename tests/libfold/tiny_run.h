// A model, a dataset and a configuration for training runs of a second, to test the code around the numerics.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libfold/configuration.h"
#include "libfold/run_config.h"
#include "libfold/training/trainer.h"
#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {

// A chain of a test dataset: a helix of `length` residues with its own torsions.
struct TinyChain {
  std::string entry;
  int length;
  int sequence_cluster = -1;
  std::string split;
  std::string chain = "A";
};

void write_tiny_dataset(const std::string& path, const std::vector<TinyChain>& chains);

// One chain: a stem in which position i pairs with length - 1 - i, and a loop of 6.
void write_hairpin_dataset(const std::string& path, int length);

// One assembly of two strands: position i of the first pairs with length - 1 - i of the second.
void write_duplex_dataset(const std::string& path, int length);

// Five chains of 5 to 12 residues.
std::vector<TinyChain> five_chains();

// A configuration bound to its struct.
struct TinyRun {
  explicit TinyRun(const std::string& dataset);
  RunConfig config;
  Configuration configuration;

  Trainer make_trainer(const std::string& folder, bool resume);
  // make_trainer(folder, false).run({})
  TrainingResult train(const std::string& folder);
  // Performs the steps of `flashrna train --resume`.
  TrainingResult resume(const std::string& folder);
};

std::string read_text(const std::string& path);
std::vector<std::string> lines_of(const std::string& text);
// Names in a folder, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace flashrna
