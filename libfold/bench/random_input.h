// What the benchmarks run on: chains at random, of a native's size.
#pragma once

#include "libfold/batch.h"
#include "libfold/nn/flow_model.h"

namespace flashrna {

// One chain of `length` residues: frames and torsions at random within a ball of a native's size.
Batch random_batch(int length);

// `copies` of its frames as the network gets them at t = 0.5, self-conditioned.
FlowModelInput random_network_input(int length, int copies, at::Device device);

}  // namespace flashrna
