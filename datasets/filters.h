// Which chains of a dataset a run takes, by what stands in the table of chains.
#pragma once

#include <string>

#include "datasets/dataset_records.h"

namespace flashrna {

struct ChainFilter {
  int min_length = 1;              // nucleotides with a frame
  int max_length = 0;              // 0 = no limit
  double max_resolution = 0.0;     // Å; 0 = no limit
  bool unknown_resolution = true;  // whether chains without one (NMR, bare coordinates) pass a limit
  std::string methods;  // separated by commas, in any case; a part is enough: "x-ray,microscopy"; empty = any
  std::string kinds;    // "RNA", "DNA/RNA hybrid", separated by commas; empty = any
  int max_breaks = -1;  // -1 = no limit

  bool passes(const ChainRecord& chain) const;
};

}  // namespace flashrna
