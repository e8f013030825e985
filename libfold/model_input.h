// The network's input, of a batch in training and of a request in sampling.
#pragma once

#include <ATen/ATen.h>

#include "libfold/batch.h"
#include "libfold/flow/interpolant.h"
#include "libfold/nn/flow_model.h"
#include "libfold/sampling/sample_request.h"

namespace flashrna {

// A batch in the state `noisy`, without self-conditioning. Whether lengths differ is left to the model; a caller that
// has the lengths on the host sets `padded`, which saves a synchronization.
FlowModelInput model_input(const Batch& batch, const Corrupted& noisy);

// A prepared request in `state` at time t, on the device of the state, without self-conditioning.
FlowModelInput model_input(const SampleRequest& request, const PreparedRequest& prepared, const FlowState& state,
                           double t);

}  // namespace flashrna
