#include "libfold/nn/node_embedder.h"

#include "libfold/nn/index_embedding.h"

namespace flashrna {

using at::Tensor;

NodeEmbedderImpl::NodeEmbedderImpl(int64_t node_channels, int64_t position_channels, int64_t time_channels,
                                   bool short_index_periods, bool relative_positions)
    : position_channels_(position_channels),
      time_channels_(time_channels),
      short_index_periods_(short_index_periods),
      relative_positions_(relative_positions) {
  linear = register_module("linear", Linear(position_channels + time_channels, node_channels));
}

Tensor NodeEmbedderImpl::forward(const Tensor& t, const Tensor& residue_index, const Tensor& mask) {
  const int64_t L = residue_index.size(1);
  const Tensor position =  // [B, L, c]
      relative_positions_
          ? at::zeros({residue_index.size(0), L, position_channels_}, mask.options())
          : index_embedding(residue_index, position_channels_, mask.scalar_type(), short_index_periods_);
  const Tensor time = time_embedding(t, time_channels_, mask.scalar_type()).unsqueeze(1).expand({-1, L, -1});
  return linear(at::cat({position, time}, 2) * mask.unsqueeze(2));
}

// One-hot letter or unspecified (5), pairing specified, paired, structure given.
ConditionEmbedderImpl::ConditionEmbedderImpl(int64_t node_channels) {
  linear = register_module("linear", Linear(kLetterUnspecified + 4, node_channels));
}

Tensor ConditionEmbedderImpl::forward(const Conditioning& conditioning, const Tensor& mask) {
  const int64_t B = mask.size(0), L = mask.size(1);
  const auto options = mask.options();
  const auto flag = [&](const Tensor& x) { return x.to(options).unsqueeze(2); };
  const Tensor none = at::zeros({B, L, 1}, options);
  const Tensor letters = conditioning.nucleotide.defined()
                             ? conditioning.nucleotide
                             : at::full({B, L}, kLetterUnspecified, options.dtype(at::kLong));
  const Tensor letter = flag(letters.unsqueeze(2) == at::arange(kLetterUnspecified + 1, letters.options())).squeeze(2);
  const Tensor features =
      at::cat({letter, conditioning.partner.defined() ? flag(conditioning.partner >= kUnpaired) : none,
               conditioning.partner.defined() ? flag(conditioning.partner >= 0) : none,
               conditioning.fixed.defined() ? flag(conditioning.fixed) : none},
              2);
  return linear(features) * mask.unsqueeze(2);
}

}  // namespace flashrna
