#include "libfold/flow/interpolant.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "libfold/flow/coupling.h"
#include "libfold/flow/sampling_step.h"
#include "libfold/flow/so3.h"

namespace flashrna {

using at::Tensor;

Interpolant::Interpolant(const FlowConfig& config, const PublishedConventions& published, Polymer polymer)
    : config_(config),
      published_(published),
      size_(polymer_model(polymer).size),
      igso3_(config.igso3_sigma),
      training_schedule_{config.training_rotation_schedule == "exponential", config.rotation_rate},
      sampling_schedule_(config.sampling_schedule()) {}

TranslationPrior Interpolant::prior_of(const ChainLayout& layout) const {
  if (config_.prior == "chain") return {layout, size_};
  const double scaled = size_.scaled_width * std::cbrt(static_cast<double>(layout.length()));
  return config_.prior == "scaled" ? std::max(config_.translation_sigma, scaled) : config_.translation_sigma;
}

Corrupted Interpolant::corrupt(const Batch& batch, std::uint64_t seed, std::uint64_t step,
                               const Conditioning& conditioning) const {
  return corrupt(batch, draw(batch, seed, step), conditioning);
}

CorruptionDraws Interpolant::draw(const Batch& batch, std::uint64_t seed, std::uint64_t step) const {
  RandomStream stream(seed, "corrupt", {step});
  const int64_t B = batch.translations.size(0), L = batch.translations.size(1);
  CorruptionDraws draws;
  draws.t = at::empty({B}, at::kDouble);
  for (int64_t b = 0; b < B; ++b)
    draws.t.mutable_data_ptr<double>()[b] = training_time(stream.uniform(), config_.min_t, last_time());
  draws.translations = stream.normal({B, L, 3});
  draws.rotations = (config_.rotation_noise == "uniform" ? sample_uniform_rotations(B * L, stream)
                                                         : so3_exp(sample_igso3(igso3_, B * L, stream)))
                        .view({B, L, 3, 3});
  if (config_.stochasticity > 0) {
    RandomStream around(seed, "path_noise", {step});
    draws.path_translations = around.normal({B, L, 3});
    draws.path_rotations = at::empty({B, L, 3}, at::kDouble);
    for (int64_t b = 0; b < B; ++b)
      draws.path_rotations[b].copy_(sample_narrow_igso3(config_.path_noise(draws.t[b].item<double>()), L, around));
  }
  return draws;
}

Corrupted Interpolant::corrupt(const Batch& batch, const CorruptionDraws& draws,
                               const Conditioning& conditioning) const {
  const at::NoGradGuard no_grad;
  const Tensor lengths = batch.lengths.cpu();
  const Tensor translations_1 = batch.translations.to(at::kCPU, at::kDouble);
  const Tensor rotations_1 = batch.rotations.to(at::kCPU, at::kDouble);
  Tensor moving = mask_from_lengths(lengths, translations_1.size(1));  // [B, L]
  const Tensor mask = moving.unsqueeze(-1);
  if (conditioning.fixed.defined()) moving = moving & ~conditioning.fixed.cpu();
  const Tensor t = draws.t.view({-1, 1, 1});

  const FlowState noise = start(draws, {translations_1, rotations_1}, batch, conditioning.fixed);
  Tensor straight = noise.translations + (translations_1 - noise.translations) * t;
  Tensor progress = at::empty_like(t);
  for (int64_t b = 0; b < t.numel(); ++b) progress[b].fill_(training_schedule_.progress(t[b].item<double>()));
  Tensor on_geodesic = geodesic(noise.rotations, rotations_1, progress, published_.truncated_log);
  if (config_.stochasticity > 0) {
    Tensor width = at::empty_like(t);
    for (int64_t b = 0; b < t.numel(); ++b)
      width[b].fill_(config_.translation_sigma * config_.path_noise(t[b].item<double>()));
    straight = straight + width * draws.path_translations;
    on_geodesic = at::matmul(on_geodesic, so3_exp(draws.path_rotations));
  }
  straight = straight * mask;
  const Tensor translations_t =
      conditioning.fixed.defined() ? at::where(moving.unsqueeze(-1), straight, translations_1 * mask) : straight;
  const Tensor rotations_t = at::where(moving.unsqueeze(-1).unsqueeze(-1), on_geodesic, rotations_1);

  const auto options = batch.translations.options();
  return {draws.t.to(options), translations_t.to(options), rotations_t.to(options), conditioning};
}

std::vector<TranslationPrior> Interpolant::priors_of(const Batch& batch) const {
  const Tensor lengths = batch.lengths.cpu();
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  // Only the chain prior depends on gaps and molecules.
  const bool chain_prior = config_.prior == "chain";
  const Tensor index = chain_prior ? batch.residue_index.cpu() : Tensor();
  const Tensor molecule = chain_prior && batch.chain.defined() ? batch.chain.cpu() : Tensor();
  const auto row_of = [](const Tensor& x, int64_t b) { return x.defined() ? x[b] : x; };
  std::vector<TranslationPrior> priors;
  for (int64_t b = 0; b < lengths.numel(); ++b)
    priors.push_back(prior_of(ChainLayout::of_rows(row_of(index, b), row_of(molecule, b), length[b])));
  return priors;
}

FlowState Interpolant::start(const CorruptionDraws& draws, const FlowState& data, const Batch& batch,
                             const Tensor& fixed) const {
  const Tensor lengths = batch.lengths.cpu();
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  const int64_t B = lengths.numel();
  const std::vector<TranslationPrior> priors = priors_of(batch);
  FlowState start{at::zeros_like(data.translations), config_.rotation_noise == "uniform"
                                                         ? draws.rotations.clone()
                                                         : at::matmul(data.rotations, draws.rotations)};
  const Tensor given = fixed.defined() ? fixed.cpu() : Tensor();
  std::vector<int64_t> free;  // chains without given residues
  for (int64_t b = 0; b < B; ++b) {
    const auto row = [&](const Tensor& x) { return x[b].narrow(0, 0, length[b]); };
    if (given.defined() && row(given).any().item<bool>()) {
      row(start.translations).copy_(priors[b].around(row(draws.translations), row(data.translations), row(given)));
    } else {
      free.push_back(b);
    }
  }
  if (!config_.coupling || free.empty()) {
    for (int64_t b : free)
      start.translations[b].copy_(
          noise_for_datum(draws.translations[b], length[b], priors[b], published_.padded_coupling));
    return start;
  }
  const Tensor rows = at::tensor(free, at::kLong);
  const auto of_free = [&](const Tensor& x) { return x.index_select(0, rows); };
  std::vector<TranslationPrior> free_priors;
  for (int64_t b : free) free_priors.push_back(priors[b]);
  if (config_.coupling_cost == "se3") {
    const FrameCoupling coupled =
        couple_frames(of_free(draws.translations), of_free(draws.rotations), of_free(data.translations),
                      of_free(data.rotations), of_free(lengths), free_priors, config_.translation_sigma);
    start.translations.index_copy_(0, rows, coupled.translations);
    start.rotations.index_copy_(0, rows, coupled.rotations);
  } else {
    start.translations.index_copy_(0, rows,
                                   couple(of_free(draws.translations), of_free(data.translations), of_free(lengths),
                                          free_priors, {published_.padded_coupling, published_.inverse_coupling})
                                       .noise);
  }
  return start;
}

FlowState Interpolant::sample_noise(const NoiseRequest& request) const {
  const std::vector<int>& lengths = request.lengths;
  if (lengths.size() != request.indices.size())
    fail("sample_noise: {} lengths but {} indices", lengths.size(), request.indices.size());
  const auto B = static_cast<int64_t>(lengths.size());
  const int64_t L = lengths.empty() ? 0 : *std::ranges::max_element(lengths);
  FlowState noise;
  noise.translations = at::zeros({B, L, 3}, at::kFloat);
  noise.rotations = at::eye(3, at::kFloat).expand({B, L, 3, 3}).clone();
  for (int64_t b = 0; b < B; ++b) {
    const int64_t n = lengths[b];
    if (n < 1) fail("sample of length {}: must be at least 1", n);
    RandomStream stream(request.seed, "sample", {static_cast<std::uint64_t>(n), request.indices[b]});
    const Tensor normal = stream.normal({n, 3});
    const Tensor uniform = sample_uniform_rotations(n, stream);
    const TranslationPrior prior = prior_of(request.layouts.empty() ? ChainLayout::contiguous(n) : request.layouts[b]);
    Tensor translations = noise.translations[b].narrow(0, 0, n), rotations = noise.rotations[b].narrow(0, 0, n);
    const Tensor fixed = request.fixed.defined() ? request.fixed[b].narrow(0, 0, n) : Tensor();
    if (fixed.defined() && fixed.any().item<bool>()) {
      const Tensor given = request.given.translations[b].narrow(0, 0, n).to(at::kDouble);
      translations.copy_(prior.around(normal * request.scale, given, fixed));
      rotations.copy_(
          at::where(fixed.view({n, 1, 1}), request.given.rotations[b].narrow(0, 0, n).to(at::kDouble), uniform));
    } else {
      translations.copy_(noise_for_datum(normal * request.scale, n, prior, false));
      rotations.copy_(uniform);
    }
  }
  return noise;
}

FlowState Interpolant::between(const FlowState& noise, const FlowState& data, double t) const {
  const Tensor share = at::full({1}, training_schedule_.progress(t), noise.rotations.options());
  return {noise.translations + (data.translations - noise.translations) * t,
          geodesic(noise.rotations, data.rotations, share, published_.truncated_log)};
}

std::vector<double> Interpolant::sampling_times(int steps, double start) const {
  return equal_times(steps, std::max(start, config_.min_t), config_.max_t > 0 ? config_.max_t : 1.0);
}

FlowState Interpolant::euler_step(const FlowState& state, const FlowState& prediction, double t, double dt) const {
  const auto options = state.rotations.options();
  return flashrna::euler_step(state, prediction,
                              {at::full({1}, translation_factor(t, dt), options),
                               at::full({1}, rotation_factor(sampling_schedule_, t, dt), options)},
                              published_.truncated_log);
}

FlowState Interpolant::diffused(const FlowState& state, const NoiseRequest& request, int step, double dt) const {
  return flashrna::diffused(state, draw_diffusion(config_, request, state.translations.size(1), step, dt));
}

}  // namespace flashrna
