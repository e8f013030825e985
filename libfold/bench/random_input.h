// Input of the benchmarks: random chains of the size of natives.
#pragma once

#include "libfold/batch.h"
#include "libfold/nn/flow_model.h"

namespace flashrna {

// One chain of `length` residues: random frames and torsions within a ball of a native's size.
Batch random_batch(int length, Polymer polymer = Polymer::kRna);

// `copies` of the same frames as network input at t = 0.5 with self-conditioning.
FlowModelInput random_network_input(int length, int copies, at::Device device, Polymer polymer = Polymer::kRna);

}  // namespace flashrna
