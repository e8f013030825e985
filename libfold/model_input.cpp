#include "libfold/model_input.h"

#include <algorithm>

namespace flashrna {

FlowModelInput model_input(const Batch& batch, const Corrupted& noisy) {
  FlowModelInput input;
  input.lengths = batch.lengths;
  input.residue_index = batch.residue_index;
  input.t = noisy.t;
  input.translations = noisy.translations;
  input.rotations = noisy.rotations;
  input.conditioning = noisy.conditioning;
  return input;
}

FlowModelInput model_input(const SampleRequest& request, const PreparedRequest& prepared, const FlowState& state,
                           double t) {
  const at::Device device = state.translations.device();
  const std::vector<std::int64_t> wide(request.lengths.begin(), request.lengths.end());
  FlowModelInput input;
  input.lengths = at::tensor(wide, at::kLong).to(device);
  input.residue_index = prepared.residue_index.to(device);
  input.t = at::full({input.lengths.size(0)}, t, state.translations.options());
  input.translations = state.translations;
  input.rotations = state.rotations;
  input.padded = std::ranges::min(wide) < std::ranges::max(wide);
  input.conditioning = prepared.conditioning.to(device);
  return input;
}

}  // namespace flashrna
