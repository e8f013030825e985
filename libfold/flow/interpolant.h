// The probability path between noise and data (RNA-FrameFlow, arXiv:2406.13839): straight lines for translations,
// geodesics for rotations. Corrupts data in training and takes Euler steps in sampling.
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
  Conditioning told;
};

struct Noise {
  at::Tensor translations;  // [B, L, 3] Å, centered over the real residues
  at::Tensor rotations;     // [B, L, 3, 3]
};

// All random values of a training step; f64 on the CPU.
struct CorruptionDraws {
  at::Tensor t;             // [B]
  at::Tensor translations;  // [B, L, 3] standard normal
  at::Tensor centers;       // [B, M, 3] standard normal, of M molecules at most; undefined = one molecule each
  at::Tensor rotations;     // [B, L, 3, 3]: R_0 = R_1 * this with igso3 noise, R_0 itself with uniform noise
};

class Interpolant {
 public:
  Interpolant(const FlowConfig& config, const PublishedConventions& published);

  // Corrupts a batch at random times. All draws are from the stream (seed, "corrupt", step). Computes in f64 on the CPU
  // and returns the dtype and device of the batch's translations. Residues fixed by `told` keep the frames of the data.
  // The noise of a chain with such residues is conditioned on them and is excluded from the coupling; the chain must be
  // centered on them.
  Corrupted corrupt(const Batch& batch, std::uint64_t seed, std::uint64_t step, const Conditioning& told = {}) const;
  // corrupt() in two steps: the random draws, and the deterministic remainder.
  CorruptionDraws draw(const Batch& batch, std::uint64_t seed, std::uint64_t step) const;
  Corrupted corrupt(const Batch& batch, const CorruptionDraws& draws, const Conditioning& told = {}) const;

  // Initial state of sampling: centered translations of the prior and uniform rotations. Drawn in f64 and returned in
  // f32 on the CPU, padded to the longest sample with zeros and identities. The noise of sample b depends only on
  // (seed, lengths[b], indices[b]) and, with the chain prior, on the gaps of its residue index. `layouts`: by sample;
  // empty = without gaps.
  Noise sample_noise(const std::vector<int>& lengths, const std::vector<std::uint64_t>& indices, std::uint64_t seed,
                     const std::vector<ChainLayout>& layouts = {}) const;

  // `steps` >= 2 equally spaced times from min_t to 1.
  std::vector<double> sampling_times(int steps) const;

  // One Euler step from t < 1 to t + dt towards the predicted end point, on the device and in the dtype of the tensors.
  Noise euler_step(const Noise& state, const Noise& prediction, double t, double dt) const;

 private:
  TranslationPrior prior_of(const ChainLayout& layout) const;
  // Of sample b of the batch.
  ChainLayout layout_of(const Batch& batch, int64_t b, int64_t length) const;
  // Noise of the batch's translations, coupled if configured: [B, L, 3] Å.
  at::Tensor start_translations(const CorruptionDraws& draws, const at::Tensor& data, const Batch& batch,
                                const at::Tensor& fixed) const;

  FlowConfig config_;
  PublishedConventions published_;
  Igso3 igso3_;
  RotationSchedule training_schedule_, sampling_schedule_;
};

}  // namespace flashrna
