// The probability path between noise and data (RNA-FrameFlow, arXiv:2406.13839): straight lines for translations,
// geodesics for rotations. Corrupts data in training and takes Euler steps in sampling. With flow.stochasticity states
// scatter around the path, and sampling steps diffuse (FoldFlow-SFM, arXiv:2310.02391).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "libfold/batch.h"
#include "libfold/conditioning.h"
#include "libfold/flow/flow_config.h"
#include "libfold/flow/igso3.h"
#include "libfold/flow/schedule.h"
#include "libfold/flow/translation_prior.h"
#include "libfold/published_conventions.h"
#include "libfold/random_streams.h"

namespace flashrna {

// The network's input for a batch: the noisy state and the condition.
struct Corrupted {
  at::Tensor t;             // [B]
  at::Tensor translations;  // [B, L, 3] Å, 0 in padding
  at::Tensor rotations;     // [B, L, 3, 3], those of the data in padding
  Conditioning conditioning;
};

// Frames of B chains on the path: the noise, the state at a time, the data or the predicted end.
struct FlowState {
  at::Tensor translations;  // [B, L, 3] Å
  at::Tensor rotations;     // [B, L, 3, 3]
};

// The random initial states of B samples of up to L residues.
struct NoiseRequest {
  std::vector<int> lengths;
  std::vector<std::uint64_t> indices;
  std::uint64_t seed = 0;
  std::vector<ChainLayout> layouts;  // by sample; empty = one molecule without gaps
  double scale = 1.0;                // factor of the standard deviation of the translations
  at::Tensor fixed;                  // [B, L] bool: residues with the frames of `given`; undefined = none
  Frames given;                      // [B, L] Å, each sample centered on its fixed residues
};

// All random values of a training step; f64 on the CPU.
struct CorruptionDraws {
  at::Tensor t;             // [B]
  at::Tensor translations;  // [B, L, 3] standard normal
  at::Tensor rotations;     // [B, L, 3, 3]: R_0 = R_1 * this with igso3 noise, R_0 itself with uniform noise
  // Of a stochastic path, otherwise undefined: standard normal, and rotation vectors of width FlowConfig::path_noise.
  at::Tensor path_translations, path_rotations;  // [B, L, 3]
};

class Interpolant {
 public:
  // `polymer` decides the extent of noise that depends on the length (SizeLaw).
  Interpolant(const FlowConfig& config, const PublishedConventions& published, Polymer polymer = Polymer::kRna);

  // Corrupts a batch at random times. All draws are from the stream (seed, "corrupt", step). Computes in f64 on the CPU
  // and returns the dtype and device of the batch's translations. Residues fixed by `conditioning` keep the frames of
  // the data. The noise of a chain with such residues is conditioned on them and is excluded from the coupling; the
  // chain must be centered on them.
  Corrupted corrupt(const Batch& batch, std::uint64_t seed, std::uint64_t step,
                    const Conditioning& conditioning = {}) const;
  // corrupt() in two steps: the random draws, and the deterministic remainder.
  CorruptionDraws draw(const Batch& batch, std::uint64_t seed, std::uint64_t step) const;
  Corrupted corrupt(const Batch& batch, const CorruptionDraws& draws, const Conditioning& conditioning = {}) const;

  // Initial state of sampling: centered translations of the prior and uniform rotations. Drawn in f64 and returned in
  // f32 on the CPU, padded to the longest sample with zeros and identities. The noise of sample b depends only on
  // (seed, lengths[b], indices[b]) and, with the chain prior, on its layout. Translations of a sample with fixed
  // residues are conditioned on them and not centered.
  FlowState sample_noise(const NoiseRequest& request) const;

  // The state at time t between noise and data, as corrupt() computes it: translations on a straight line, rotations on
  // a geodesic with the schedule of training. Both of shape and device of the result.
  FlowState between(const FlowState& noise, const FlowState& data, double t) const;

  // `steps` >= 2 equally spaced times from max(start, min_t) to 1, or to max_t.
  std::vector<double> sampling_times(int steps, double start = 0.0) const;

  // One Euler step from t < 1 to t + dt toward the predicted end point, on the device and in the dtype of the tensors.
  FlowState euler_step(const FlowState& state, const FlowState& prediction, double t, double dt) const;
  // Diffusion of a stochastic flow over a time dt after Euler step `step`: translations get normal noise of deviation
  // g sqrt(dt) translation_sigma, rotations turn by IGSO(3) of width g sqrt(dt) (Euler-Maruyama). The noise of a sample
  // depends on its seed, length, index and `step`. Without stochasticity the state is returned unchanged.
  FlowState diffused(const FlowState& state, const NoiseRequest& request, int step, double dt) const;

 private:
  TranslationPrior prior_of(const ChainLayout& layout) const;
  // Priors of the chains of a batch, in order.
  std::vector<TranslationPrior> priors_of(const Batch& batch) const;
  // Noise of the batch, coupled if configured: translations [B, L, 3] Å, rotations [B, L, 3, 3]. `data`: f64 on the
  // CPU.
  FlowState start(const CorruptionDraws& draws, const FlowState& data, const Batch& batch,
                  const at::Tensor& fixed) const;
  double last_time() const { return config_.max_t > 0 ? config_.max_t : 1.0 - config_.min_t; }

  FlowConfig config_;
  PublishedConventions published_;
  SizeLaw size_;
  Igso3 igso3_;
  RotationSchedule training_schedule_, sampling_schedule_;
};

}  // namespace flashrna
