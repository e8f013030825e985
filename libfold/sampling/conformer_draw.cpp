#include "libfold/sampling/conformer_draw.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/polymer_backbone.h"

namespace flashrna {

using at::Tensor;

namespace {

// Conformers are drawn with the cube of their probabilities (temperature 1/3). Several conformers of a residue are
// often variants of one, of which this prefers the one in their middle; different ones, such as gauche and trans of
// gamma, are about as frequent as before, because their best variants are about equally probable.
constexpr double kSharpness = 3.0;
// Standard deviations of the links that conformers make at predicted frames. Wider than those of structures, because
// relaxation repairs what remains; narrower ones force conformers that do not fit the frames.
constexpr double kLengthSpread = 0.22;  // Å
constexpr double kCosineSpread = 0.18;

// Index of the first of `weights`, which need not sum to 1, at which their cumulative share exceeds `draw`.
std::int64_t choose(const std::vector<double>& weights, double draw) {
  double sum = 0.0, below = 0.0;
  for (const double weight : weights) sum += weight;
  for (std::size_t k = 0; k + 1 < weights.size(); ++k) {
    below += weights[k];
    if (draw * sum < below) return static_cast<std::int64_t>(k);
  }
  return std::ssize(weights) - 1;
}

// One chain: logits [L, K], links [L - 1, K, K], draws [L], contiguous f64.
void draw_chain(const double* logits, const double* links, const double* draws, std::int64_t L, std::int64_t K,
                std::int64_t* drawn) {
  // later[i, k]: the logarithm of the sum of the weights of all choices of the residues after i, given k at i.
  std::vector<double> later(static_cast<std::size_t>(L * K), 0.0), terms(static_cast<std::size_t>(K));
  const auto at = [&](std::int64_t i, std::int64_t k) { return static_cast<std::size_t>(i * K + k); };
  for (std::int64_t i = L - 2; i >= 0; --i) {
    for (std::int64_t k = 0; k < K; ++k) {
      for (std::int64_t l = 0; l < K; ++l)
        terms[static_cast<std::size_t>(l)] = links[(i * K + k) * K + l] + logits[(i + 1) * K + l] + later[at(i + 1, l)];
      const double largest = std::ranges::max(terms);
      double sum = 0.0;
      for (const double term : terms) sum += std::exp(term - largest);
      later[at(i, k)] = largest + std::log(sum);
    }
  }
  for (std::int64_t i = 0; i < L; ++i) {
    for (std::int64_t k = 0; k < K; ++k)
      terms[static_cast<std::size_t>(k)] =
          logits[i * K + k] + later[at(i, k)] + (i > 0 ? links[((i - 1) * K + drawn[i - 1]) * K + k] : 0.0);
    const double largest = std::ranges::max(terms);
    for (double& term : terms) term = std::exp(term - largest);
    drawn[i] = choose(terms, draws[i]);
  }
}

}  // namespace

Tensor link_log_weights(const FlowModelOutput& prediction, const ChainLinks& chain, Polymer polymer) {
  const PolymerBackbone& backbone = backbone_of(polymer);
  const BackboneLink& ideal = backbone.link();
  const Tensor& conformers = prediction.conformers.torsions;  // [B, L, K, n, 2]
  const int64_t B = conformers.size(0), L = conformers.size(1), K = conformers.size(2);
  const Tensor rotations = prediction.rotations.unsqueeze(2).expand({B, L, K, 3, 3});
  const Tensor translations = prediction.translations.unsqueeze(2).expand({B, L, K, 3});
  const Tensor atoms = backbone.place(rotations, translations, conformers.narrow(3, 0, backbone.torsions()),
                                      {ideal.slots[1], ideal.slots[2], ideal.slots[3], ideal.slots[4]});
  // A chain for every pair (k, l), in which atoms of conformer k are followed by those of conformer l: [B K K, L, 3].
  const auto chains = [&](int64_t slot, int64_t other) {
    return atoms.select(3, slot).permute({0, 2, 1, 3}).unsqueeze(other).expand({B, K, K, L, 3}).reshape({-1, L, 3});
  };
  const LinkGeometry link = link_geometry(chains(0, 2), chains(1, 2), chains(2, 1), chains(3, 1));
  const auto deviations = [](const Tensor& value, double wanted, double spread) {
    return ((value - wanted) / spread).square();
  };
  const Tensor log_weights = -0.5 * (deviations(link.length, ideal.length, kLengthSpread) +
                                     deviations(link.cosine_before, std::cos(ideal.angle_before), kCosineSpread) +
                                     deviations(link.cosine_after, std::cos(ideal.angle_after), kCosineSpread));
  const Tensor& index = chain.residue_index;
  const Tensor follows = (index.narrow(1, 1, L - 1) - index.narrow(1, 0, L - 1) == 1) &
                         (at::arange(1, L, index.options()) < chain.lengths.unsqueeze(1));
  return at::where(follows.unsqueeze(2).unsqueeze(3), log_weights.view({B, K, K, L - 1}).permute({0, 3, 1, 2}),
                   at::zeros({}, log_weights.options()));
}

Tensor drawn_conformers(const Tensor& logits, const Tensor& links, const Tensor& draws) {
  const int64_t B = logits.size(0), L = logits.size(1), K = logits.size(2);
  const auto ready = [](const Tensor& values) { return values.to(at::kCPU, at::kDouble).contiguous(); };
  const Tensor p = ready(logits), w = ready(links), u = ready(draws);
  Tensor drawn = at::zeros({B, L}, at::kLong);
  for (int64_t b = 0; b < B; ++b)
    draw_chain(p.const_data_ptr<double>() + b * L * K, w.const_data_ptr<double>() + b * (L - 1) * K * K,
               u.const_data_ptr<double>() + b * L, L, K, drawn.mutable_data_ptr<int64_t>() + b * L);
  return drawn;
}

Tensor drawn_torsions(const FlowModelOutput& prediction, const Tensor& fixed, const ChainLinks& chain,
                      const Tensor& draws, Polymer polymer) {
  FlowModelOutput choices = prediction;
  if (fixed.defined()) {
    Tensor own = prediction.torsions;
    if (prediction.chi.defined()) own = at::cat({own, prediction.chi.unsqueeze(2)}, 2);
    choices.conformers.torsions =
        at::where(fixed.view({fixed.size(0), -1, 1, 1, 1}), own.unsqueeze(2), prediction.conformers.torsions);
  }
  const Tensor links = link_log_weights(choices, chain, polymer);
  const Tensor drawn = drawn_conformers(kSharpness * choices.conformers.logits, links, draws);
  return choices.conformers.take(drawn.to(choices.conformers.torsions.device()));
}

}  // namespace flashrna
