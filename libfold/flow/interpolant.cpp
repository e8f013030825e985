#include "libfold/flow/interpolant.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "libfold/flow/coupling.h"
#include "libfold/flow/so3.h"

namespace flashrna {

using at::Tensor;

Interpolant::Interpolant(const FlowConfig& config, const PublishedConventions& published)
    : config_(config),
      published_(published),
      igso3_(config.igso3_sigma),
      training_schedule_{config.training_rotation_schedule == "exponential", config.rotation_rate},
      sampling_schedule_{config.sampling_rotation_schedule == "exponential", config.rotation_rate} {}

TranslationPrior Interpolant::prior_of(const ChainLayout& layout) const {
  if (config_.prior == "chain") return TranslationPrior(layout);
  // Native RNA has a radius of gyration of about 5.7 Å L^0.32; that of a Gaussian with this sigma is sqrt(3) sigma.
  const double scaled = 3.2 * std::cbrt(static_cast<double>(layout.length()));
  return config_.prior == "scaled" ? std::max(config_.translation_sigma, scaled) : config_.translation_sigma;
}

ChainLayout Interpolant::layout_of(const Batch& batch, int64_t b, int64_t length) const {
  if (config_.prior != "chain") return ChainLayout::contiguous(length);  // only the chain prior depends on gaps
  const auto values = [&](const Tensor& of_batch) {
    const Tensor row = of_batch[b].narrow(0, 0, length).to(at::kCPU, at::kLong).contiguous();
    return std::vector<int64_t>(row.const_data_ptr<int64_t>(), row.const_data_ptr<int64_t>() + length);
  };
  return {values(batch.residue_index), batch.chain.defined() ? values(batch.chain) : std::vector<int64_t>()};
}

Corrupted Interpolant::corrupt(const Batch& batch, std::uint64_t seed, std::uint64_t step,
                               const Conditioning& told) const {
  return corrupt(batch, draw(batch, seed, step), told);
}

CorruptionDraws Interpolant::draw(const Batch& batch, std::uint64_t seed, std::uint64_t step) const {
  RandomStream stream(seed, "corrupt", {step});
  const int64_t B = batch.translations.size(0), L = batch.translations.size(1);
  CorruptionDraws draws;
  draws.t = at::empty({B}, at::kDouble);
  for (int64_t b = 0; b < B; ++b)
    draws.t.mutable_data_ptr<double>()[b] = training_time(stream.uniform(), config_.min_t);
  draws.translations = stream.normal({B, L, 3});
  int64_t molecules = 1;
  const Tensor lengths = batch.lengths.cpu();
  for (int64_t b = 0; b < B; ++b)
    molecules = std::max(molecules, layout_of(batch, b, lengths[b].item<int64_t>()).molecules());
  // From a stream of their own, so that the other values do not depend on the number of molecules.
  if (molecules > 1) draws.centers = RandomStream(seed, "centers", {step}).normal({B, molecules, 3});
  draws.rotations = (config_.rotation_noise == "uniform" ? sample_uniform_rotations(B * L, stream)
                                                         : so3_exp(sample_igso3(igso3_, B * L, stream)))
                        .view({B, L, 3, 3});
  return draws;
}

Corrupted Interpolant::corrupt(const Batch& batch, const CorruptionDraws& draws, const Conditioning& told) const {
  const at::NoGradGuard no_grad;
  const Tensor lengths = batch.lengths.cpu();
  const Tensor translations_1 = batch.translations.to(at::kCPU, at::kDouble);
  const Tensor rotations_1 = batch.rotations.to(at::kCPU, at::kDouble);
  Tensor moving = mask_from_lengths(lengths, translations_1.size(1));  // [B, L]
  const Tensor mask = moving.unsqueeze(-1);
  if (told.fixed.defined()) moving = moving & ~told.fixed.cpu();
  const Tensor t = draws.t.view({-1, 1, 1});

  const Tensor translations_0 = start_translations(draws, translations_1, batch, told.fixed);
  const Tensor straight = (translations_0 + (translations_1 - translations_0) * t) * mask;
  const Tensor translations_t =
      told.fixed.defined() ? at::where(moving.unsqueeze(-1), straight, translations_1 * mask) : straight;
  const Tensor rotations_0 =
      config_.rotation_noise == "uniform" ? draws.rotations : at::matmul(rotations_1, draws.rotations);
  Tensor progress = at::empty_like(t);
  for (int64_t b = 0; b < t.numel(); ++b) progress[b].fill_(training_schedule_.progress(t[b].item<double>()));
  const Tensor rotations_t =
      at::where(moving.unsqueeze(-1).unsqueeze(-1),
                geodesic(rotations_0, rotations_1, progress, published_.truncated_log), rotations_1);

  const auto options = batch.translations.options();
  return {draws.t.to(options), translations_t.to(options), rotations_t.to(options), told};
}

Tensor Interpolant::start_translations(const CorruptionDraws& draws, const Tensor& data, const Batch& batch,
                                       const Tensor& fixed) const {
  const Tensor& noise = draws.translations;
  const Tensor lengths = batch.lengths.cpu();
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  const int64_t B = data.size(0), L = data.size(1);
  std::vector<TranslationPrior> priors;
  for (int64_t b = 0; b < B; ++b) priors.push_back(prior_of(layout_of(batch, b, length[b])));
  Tensor start = at::zeros_like(data);
  const Tensor given = fixed.defined() ? fixed.cpu() : Tensor();
  std::vector<int64_t> free;  // chains without given residues
  for (int64_t b = 0; b < B; ++b) {
    const auto row = [&](const Tensor& x) { return x[b].narrow(0, 0, length[b]); };
    if (given.defined() && row(given).any().item<bool>()) {
      row(start).copy_(priors[b].around(row(noise), row(data), row(given)));
    } else {
      free.push_back(b);
    }
  }
  if (config_.coupling && !free.empty()) {
    const Tensor rows = at::tensor(free, at::kLong);
    std::vector<TranslationPrior> of_free;
    for (int64_t b : free) of_free.push_back(priors[b]);
    start.index_copy_(0, rows,
                      couple(noise.index_select(0, rows), data.index_select(0, rows), lengths.index_select(0, rows),
                             of_free, {published_.padded_coupling, published_.inverse_coupling},
                             draws.centers.defined() ? draws.centers.index_select(0, rows) : Tensor())
                          .noise);
    return start;
  }
  for (int64_t b : free)
    start[b].copy_(noise_for_datum(noise[b], length[b], priors[b], published_.padded_coupling,
                                   draws.centers.defined() ? draws.centers[b] : Tensor()));
  return start;
}

Noise Interpolant::sample_noise(const std::vector<int>& lengths, const std::vector<std::uint64_t>& indices,
                                std::uint64_t seed, const std::vector<ChainLayout>& layouts) const {
  if (lengths.size() != indices.size()) fail("sample_noise: {} lengths but {} indices", lengths.size(), indices.size());
  const auto B = static_cast<int64_t>(lengths.size());
  const int64_t L = lengths.empty() ? 0 : *std::ranges::max_element(lengths);
  Noise noise;
  noise.translations = at::zeros({B, L, 3}, at::kFloat);
  noise.rotations = at::eye(3, at::kFloat).expand({B, L, 3, 3}).clone();
  for (int64_t b = 0; b < B; ++b) {
    const int64_t n = lengths[b];
    if (n < 1) fail("sample of length {}: must be at least 1", n);
    RandomStream stream(seed, "sample", {static_cast<std::uint64_t>(n), indices[b]});
    const Tensor translations = stream.normal({n, 3});
    const TranslationPrior prior = prior_of(layouts.empty() ? ChainLayout::contiguous(n) : layouts[b]);
    noise.translations[b].narrow(0, 0, n).copy_(noise_for_datum(translations, n, prior, false));
    noise.rotations[b].narrow(0, 0, n).copy_(sample_uniform_rotations(n, stream));
  }
  return noise;
}

std::vector<double> Interpolant::sampling_times(int steps) const { return equal_times(steps, config_.min_t); }

Noise Interpolant::euler_step(const Noise& state, const Noise& prediction, double t, double dt) const {
  const Tensor share = at::full({1}, sampling_schedule_.speed(t) * dt, state.rotations.options());
  return {state.translations + (prediction.translations - state.translations) * (dt / (1.0 - t)),
          geodesic(state.rotations, prediction.rotations, share, published_.truncated_log)};
}

}  // namespace flashrna
