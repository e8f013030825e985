#include "libfold/training/batch_rows.h"

#include "libfold/batch_tensors.h"

namespace flashrna {

PreparedBatch batch_rows(const PreparedBatch& whole, std::int64_t first, std::int64_t count) {
  using at::Tensor;
  PreparedBatch part;
  part.truth.chain_ids.assign(whole.truth.chain_ids.begin() + first, whole.truth.chain_ids.begin() + first + count);
  part.truth.polymer = whole.truth.polymer;
  part.truth.lengths = whole.truth.lengths.narrow(0, first, count).clone();
  const std::int64_t length = part.truth.lengths.max().item<std::int64_t>();
  const auto rows = [&](const Tensor& values) {  // [B, L, ...]
    return values.defined() ? values.narrow(0, first, count).narrow(1, 0, length).contiguous() : values;
  };
  for (const auto member : kResidueTensors) part.truth.*member = rows(whole.truth.*member);
  part.noisy.t = whole.noisy.t.narrow(0, first, count).contiguous();
  part.noisy.translations = rows(whole.noisy.translations);
  part.noisy.rotations = rows(whole.noisy.rotations);
  const Conditioning& conditioning = whole.noisy.conditioning;
  part.noisy.conditioning = {
      rows(conditioning.partner),     rows(conditioning.nucleotide),
      rows(conditioning.fixed),       rows(conditioning.chain),
      rows(conditioning.fixed_group), {rows(conditioning.given.rotations), rows(conditioning.given.translations)}};
  return part;
}

}  // namespace flashrna
