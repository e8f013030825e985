// Selects the chains of a run by the columns of the table of chains.
#pragma once

#include <string>

#include "datasets/dataset_records.h"

namespace flashrna {

struct ChainFilter {
  int min_length = 1;              // nucleotides with a frame
  int max_length = 0;              // 0 = no limit
  double max_resolution = 0.0;     // Å; 0 = no limit
  bool unknown_resolution = true;  // whether chains without a resolution (NMR, bare coordinates) pass the limit
  std::string methods;  // substrings of the method in any case, separated by commas: "x-ray,microscopy"; empty = any
  std::string kinds;    // "RNA", "DNA/RNA hybrid", separated by commas; empty = any
  int max_breaks = -1;  // -1 = no limit

  bool passes(const ChainRecord& chain) const;
};

}  // namespace flashrna
