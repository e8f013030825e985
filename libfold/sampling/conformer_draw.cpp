#include "libfold/sampling/conformer_draw.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/polymer_backbone.h"

namespace flashrna {

using at::Tensor;

namespace {

// Conformers are drawn with the fourth power of their probabilities (temperature 1/4). Several conformers of a residue
// are often variants of one, of which this prefers the one in their middle; different ones, such as gauche and trans of
// gamma, are about as frequent as before, because their best variants are about equally probable.
constexpr double kSharpness = 4.0;
// Standard deviations of the links that conformers make at predicted frames. Wider than those of structures, because
// relaxation repairs what remains; narrower ones force conformers that do not fit the frames.
constexpr double kLengthSpread = 0.22;  // Å
constexpr double kCosineSpread = 0.18;
// Sweeps of the fit of marginals. More change little.
constexpr int kSweeps = 8;

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

double log_sum_exp(const std::vector<double>& terms) {
  const double largest = std::ranges::max(terms);
  double sum = 0.0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

// Links of one chain, [L - 1, K, K], contiguous.
struct LinksOfChain {
  const double* log_weights;
  std::int64_t L, K;

  // Of conformer k of residue i with conformer l of residue i + 1.
  double operator()(std::int64_t i, std::int64_t k, std::int64_t l) const { return log_weights[(i * K + k) * K + l]; }
};

// [L, K]: the logarithm of the sum of the weights of all choices of the residues after i, given k at i.
std::vector<double> log_sums_after(const double* logits, const LinksOfChain& links) {
  const std::int64_t L = links.L, K = links.K;
  std::vector<double> after(static_cast<std::size_t>(L * K), 0.0), terms(static_cast<std::size_t>(K));
  for (std::int64_t i = L - 2; i >= 0; --i) {
    const double* next = after.data() + (i + 1) * K;
    for (std::int64_t k = 0; k < K; ++k) {
      for (std::int64_t l = 0; l < K; ++l)
        terms[static_cast<std::size_t>(l)] = links(i, k, l) + logits[(i + 1) * K + l] + next[l];
      after[static_cast<std::size_t>(i * K + k)] = log_sum_exp(terms);
    }
  }
  return after;
}

// One sweep of iterative proportional fitting: each residue's logits are replaced by those with which its probabilities
// in the chain, those of all others being as they are now, become exp(wanted) [L, K].
void fit_marginals(double* logits, const double* wanted, const LinksOfChain& links) {
  const std::int64_t L = links.L, K = links.K;
  const std::vector<double> after = log_sums_after(logits, links);
  std::vector<double> before(static_cast<std::size_t>(K), 0.0), terms(before), of_residue(before);
  for (std::int64_t i = 0; i < L; ++i) {
    for (std::int64_t k = 0; i > 0 && k < K; ++k) {
      for (std::int64_t l = 0; l < K; ++l) {
        const auto at = static_cast<std::size_t>(l);
        terms[at] = of_residue[at] + links(i - 1, l, k);
      }
      before[static_cast<std::size_t>(k)] = log_sum_exp(terms);
    }
    for (std::int64_t k = 0; k < K; ++k) {
      const auto at = static_cast<std::size_t>(k);
      logits[i * K + k] = wanted[i * K + k] - before[at] - after[static_cast<std::size_t>(i * K + k)];
      of_residue[at] = logits[i * K + k] + before[at];
    }
  }
}

// One chain: logits [L, K], draws [L].
void draw_chain(const double* logits, const LinksOfChain& links, const double* draws, std::int64_t* drawn) {
  const std::int64_t L = links.L, K = links.K;
  const std::vector<double> after = log_sums_after(logits, links);
  std::vector<double> terms(static_cast<std::size_t>(K));
  for (std::int64_t i = 0; i < L; ++i) {
    for (std::int64_t k = 0; k < K; ++k)
      terms[static_cast<std::size_t>(k)] = logits[i * K + k] + after[static_cast<std::size_t>(i * K + k)] +
                                           (i > 0 ? links(i - 1, drawn[i - 1], k) : 0.0);
    const double largest = std::ranges::max(terms);
    for (double& term : terms) term = std::exp(term - largest);
    drawn[i] = choose(terms, draws[i]);
  }
}

Tensor on_host(const Tensor& values) { return values.to(at::kCPU, at::kDouble).contiguous(); }

LinksOfChain links_of_chain(const Tensor& links, int64_t chain, int64_t L, int64_t K) {
  return {links.const_data_ptr<double>() + chain * (L - 1) * K * K, L, K};
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

Tensor with_own_marginals(const Tensor& logits, const Tensor& links) {
  const int64_t B = logits.size(0), L = logits.size(1), K = logits.size(2);
  const Tensor wanted = on_host(logits).log_softmax(2), w = on_host(links);
  Tensor fitted = wanted.clone();
  for (int64_t b = 0; b < B; ++b) {
    for (int sweep = 0; sweep < kSweeps; ++sweep)
      fit_marginals(fitted.mutable_data_ptr<double>() + b * L * K, wanted.const_data_ptr<double>() + b * L * K,
                    links_of_chain(w, b, L, K));
  }
  return fitted;
}

Tensor drawn_conformers(const Tensor& logits, const Tensor& links, const Tensor& draws) {
  const int64_t B = logits.size(0), L = logits.size(1), K = logits.size(2);
  const Tensor p = on_host(logits), w = on_host(links), u = on_host(draws);
  Tensor drawn = at::zeros({B, L}, at::kLong);
  for (int64_t b = 0; b < B; ++b)
    draw_chain(p.const_data_ptr<double>() + b * L * K, links_of_chain(w, b, L, K), u.const_data_ptr<double>() + b * L,
               drawn.mutable_data_ptr<int64_t>() + b * L);
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
  const Tensor logits = with_own_marginals(kSharpness * choices.conformers.logits, links);
  const Tensor drawn = drawn_conformers(logits, links, draws);
  return choices.conformers.take(drawn.to(choices.conformers.torsions.device()));
}

}  // namespace flashrna
