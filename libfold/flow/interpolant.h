// The probability path between noise and data (RNA-FrameFlow, arXiv:2406.13839): straight lines for translations,
// geodesics for rotations; corruption in training, Euler steps in sampling.
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

// What the network sees of a batch, and what it is told.
struct Corrupted {
  at::Tensor t;             // [B]
  at::Tensor translations;  // [B, L, 3] Å, 0 in padding
  at::Tensor rotations;     // [B, L, 3, 3], the data's own in padding
  Conditioning told;
};

struct Noise {
  at::Tensor translations;  // [B, L, 3] Å, centred over the real residues
  at::Tensor rotations;     // [B, L, 3, 3]
};

// All that is random in a training step; f64 on the CPU.
struct CorruptionDraws {
  at::Tensor t;             // [B]
  at::Tensor translations;  // [B, L, 3] standard normal
  at::Tensor rotations;     // [B, L, 3, 3]: R_0 = R_1 * this with igso3 noise, R_0 itself with uniform noise
};

class Interpolant {
 public:
  Interpolant(const FlowConfig& config, const PublishedConventions& published);

  // Noises a batch at random times; all draws come from stream (seed, "corrupt", step). Computed in f64 on the CPU,
  // returned with the dtype and device of the batch's translations. Residues that `told` fixes keep the data's frames;
  // the noise of such a chain is drawn about them and takes no part in the coupling, and the chain must be centered on
  // them.
  Corrupted corrupt(const Batch& batch, std::uint64_t seed, std::uint64_t step, const Conditioning& told = {}) const;
  // The two halves of it: what is random, and what follows from that.
  CorruptionDraws draw(const Batch& batch, std::uint64_t seed, std::uint64_t step) const;
  Corrupted corrupt(const Batch& batch, const CorruptionDraws& draws, const Conditioning& told = {}) const;

  // Start of sampling: centred translations of the prior and uniform rotations, drawn in f64 and returned in f32 on the
  // CPU, padded to the longest with zeros and identities. Sample b's noise depends only on (seed, lengths[b],
  // indices[b], and with the chain prior the gaps of its residue index). `layouts`: by sample; empty = without gaps.
  Noise sample_noise(const std::vector<int>& lengths, const std::vector<std::uint64_t>& indices, std::uint64_t seed,
                     const std::vector<ChainLayout>& layouts = {}) const;

  // min_t .. 1, `steps` >= 2 times in equal steps.
  std::vector<double> sampling_times(int steps) const;

  // One Euler step from t < 1 to t + dt towards the prediction of the end, on the tensors' device and in their dtype.
  Noise euler_step(const Noise& state, const Noise& prediction, double t, double dt) const;

 private:
  TranslationPrior prior_of(const ChainLayout& layout) const;
  // Noise of the batch's translations, coupled if so configured: [B, L, 3] Å.
  at::Tensor start_translations(const at::Tensor& noise, const at::Tensor& data, const Batch& batch,
                                const at::Tensor& fixed) const;

  FlowConfig config_;
  PublishedConventions published_;
  Igso3 igso3_;
  RotationSchedule training_schedule_, sampling_schedule_;
};

}  // namespace flashrna
