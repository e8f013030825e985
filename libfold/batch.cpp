#include "libfold/batch.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/padding.h"
#include "libfold/batch_tensors.h"
#include "libfold/conditioning.h"
#include "libfold/pinned_memory.h"

namespace flashrna {
namespace {

using at::Tensor;

// Writes one chain into row `b` of the batch. The remainder of the row stays padding.
void copy_chain(const ChainFeatures& chain, int64_t b, Batch& batch) {
  const int64_t n = chain.length;
  const auto view = [n](const auto& values, at::IntArrayRef row, at::ScalarType type) {
    std::vector<int64_t> shape = {n};
    shape.insert(shape.end(), row.begin(), row.end());
    return at::from_blob(const_cast<void*>(static_cast<const void*>(values.data())), shape, type);
  };
  const auto put = [&](Tensor& target, const Tensor& values) { target[b].narrow(0, 0, n).copy_(values); };

  put(batch.residue_index, view(chain.residue_index, {}, at::kInt));
  put(batch.rotations, view(chain.frame_rotation, {3, 3}, at::kFloat));
  const Tensor translations = view(chain.frame_translation, {3}, at::kFloat).to(at::kDouble);
  put(batch.translations, translations - translations.mean(0));  // in f64: a chain may be 1,000 Å from the origin

  if (!chain.chi_sin_cos.empty()) {
    const Tensor chi = view(chain.chi_sin_cos, {2}, at::kFloat);
    const Tensor known = (chi != 0).any(1);
    put(batch.chi_mask, known);
    put(batch.chi, at::where(known.unsqueeze(1), chi, at::tensor({0.0f, 1.0f})));
  }
  if (!chain.chain_in_structure.empty()) put(batch.chain, view(chain.chain_in_structure, {}, at::kByte));
  if (!chain.partner.empty()) put(batch.partner, view(chain.partner, {}, at::kInt));
  if (!chain.nucleotide.empty()) put(batch.nucleotide, view(chain.nucleotide, {}, at::kByte));

  const int64_t T = batch.torsions.size(2);
  Tensor defined = at::empty({n, T}, at::kBool);
  bool* bits = defined.mutable_data_ptr<bool>();
  for (int64_t i = 0; i < n * T; ++i) bits[i] = (chain.torsion_mask[i / T] >> (i % T) & 1) != 0;
  put(batch.torsion_mask, defined);
  const Tensor undefined = at::tensor({0.0f, 1.0f});
  put(batch.torsions, at::where(defined.unsqueeze(-1), view(chain.torsion_sin_cos, {T, 2}, at::kFloat), undefined));
}

// A batch with the results of change(tensor) for its defined tensors.
template <typename Change>
Batch changed(Batch batch, const Change& change) {
  const auto apply = [&](Tensor& tensor) {
    if (tensor.defined()) tensor = change(tensor);
  };
  apply(batch.lengths);
  for (const auto member : kResidueTensors) apply(batch.*member);
  return batch;
}

}  // namespace

Tensor Batch::mask() const { return mask_from_lengths(lengths, translations.size(1)); }

Batch Batch::to(at::Device device) const {
  return changed(*this, [&](const Tensor& tensor) { return tensor.to(device, /*non_blocking=*/device.is_cuda()); });
}

Batch pinned(const Batch& batch_on_host) {
  return changed(batch_on_host, [](const Tensor& tensor) { return tensor.pin_memory(); });
}

Tensor mask_from_lengths(const Tensor& lengths, int64_t padded_length) {
  return padding_mask(lengths, padded_length).logical_not();
}

Batch make_batch(const std::vector<ChainFeatures>& chains, const std::vector<std::string>& ids) {
  if (ids.size() != chains.size()) fail("make_batch: {} chains but {} ids", chains.size(), ids.size());
  std::vector<int64_t> lengths;
  int64_t longest = 0;
  for (std::size_t b = 0; b < chains.size(); ++b) {
    if (chains[b].length < 1)
      fail("{}: a chain of {} residues cannot enter a batch; at least 1 is needed", ids[b], chains[b].length);
    if (chains[b].polymer != chains[0].polymer)
      fail("{} is of {} and {} of {}: a batch holds one polymer", ids[0], traits_of(chains[0].polymer).name, ids[b],
           traits_of(chains[b].polymer).name);
    lengths.push_back(chains[b].length);
    longest = std::max(longest, lengths.back());
  }

  const auto B = static_cast<int64_t>(chains.size());
  Batch batch;
  batch.chain_ids = ids;
  if (!chains.empty()) batch.polymer = chains[0].polymer;
  const int64_t T = traits_of(batch.polymer).torsions;
  batch.lengths = at::tensor(lengths, at::kLong);
  batch.residue_index = at::zeros({B, longest}, at::kLong);
  batch.translations = at::zeros({B, longest, 3}, at::kFloat);
  batch.rotations = at::eye(3, at::kFloat).expand({B, longest, 3, 3}).clone();
  batch.torsions = at::tensor({0.0f, 1.0f}).expand({B, longest, T, 2}).clone();
  batch.torsion_mask = at::zeros({B, longest, T}, at::kBool);
  batch.chi = at::tensor({0.0f, 1.0f}).expand({B, longest, 2}).clone();
  batch.chi_mask = at::zeros({B, longest}, at::kBool);
  batch.partner = at::full({B, longest}, kUnspecified, at::kLong);
  batch.chain = at::zeros({B, longest}, at::kLong);
  batch.nucleotide = at::full({B, longest}, kLetterUnspecified, at::kLong);
  for (int64_t b = 0; b < B; ++b) copy_chain(chains[b], b, batch);
  return batch;
}

}  // namespace flashrna
