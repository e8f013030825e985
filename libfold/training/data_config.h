// Selects the chains of a run and sets how they form batches.
#pragma once

#include <string>

#include "datasets/filters.h"

namespace flashrna {

class Configuration;

struct DataConfig {
  std::string path;                  // dataset written by `flashrna convert`
  int min_length = 1;                // residues; shorter chains are left out
  int max_length = 0;                // longer chains are left out; 0 = no limit
  double max_resolution = 0.0;       // Å; chains of worse resolution are left out; 0 = no limit
  bool unknown_resolution = true;    // whether chains without a resolution (NMR) are kept under that limit
  std::string methods;               // experimental methods, substrings separated by commas; empty = any
  std::string kinds;                 // molecule kinds, separated by commas; empty = any
  int max_breaks = -1;               // chains with more breaks are left out; -1 = no limit
  std::string sampling = "uniform";  // every chain once per epoch, or "cluster": one chain of every sequence cluster
  int batch_size = 28;               // chains per batch at most
  long max_residues = 20000;         // per batch, padding included; 0 = no limit; a longer chain is a batch of its own
  long max_residues_squared = 0;     // sum of L² per batch, padding included; 0 = no limit
  std::string crop_length = "0";     // longer chains are cropped to this many residues; 0 = never (crop_stages.h)
  double spatial_crops = 0.0;        // fraction of the crops made of residues close in space, not contiguous
  int repeat = 1;                    // how often each chain occurs in an epoch: 8 fills a batch with one chain
  double validation_fraction =
      0.0;             // of the chains, by whole groups of related chains; unused if the dataset has splits
  std::string replay;  // failed_batch.h5 of a run: repeat its step and stop; empty = train

  ChainFilter filter() const;
  void add_options(Configuration& configuration);  // section [data]
  void validate() const;
};

}  // namespace flashrna
