#include "libfold/bench/sequence_recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/batch.h"
#include "libfold/model_input.h"
#include "libfold/sampling/sequence_design.h"

namespace flashrna {
namespace {

constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();

using LogProbabilities = std::vector<std::array<double, 4>>;  // of A, C, G, U, by residue

struct Counts {
  std::array<double, 4> letters = {1.0, 1.0, 1.0, 1.0};  // one of each beforehand, so that none has probability 0

  std::array<double, 4> log_frequencies() const {
    std::array<double, 4> logs;
    for (std::size_t k = 0; k < 4; ++k)
      logs[k] = std::log(letters[k] / (letters[0] + letters[1] + letters[2] + letters[3]));
    return logs;
  }
};

bool is_known(const ChainFeatures& chain, std::size_t i) { return chain.nucleotide[i] < 4; }

void add_chain(const ChainFeatures& chain, const std::function<bool(std::size_t)>& is_right,
               const std::function<double(std::size_t)>& log_p, SequenceRecovery& recovery) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(chain.length); ++i) {
    if (!is_known(chain, i)) continue;
    for (LetterScore* score : {&recovery.all, chain.partner[i] >= 0 ? &recovery.paired : &recovery.loops})
      score->add(is_right(i), log_p(i));
  }
}

// Scores the most probable letter of every residue.
void add_probabilities(const ChainFeatures& chain, const LogProbabilities& predicted, SequenceRecovery& recovery) {
  const auto is_right = [&](std::size_t i) {
    return std::ranges::max_element(predicted[i]) - predicted[i].begin() == chain.nucleotide[i];
  };
  add_chain(
      chain, is_right, [&](std::size_t i) { return predicted[i][chain.nucleotide[i]]; }, recovery);
}

LogProbabilities network_letters(const ChainFeatures& chain, Sampler& sampler, bool with_pairs) {
  const at::NoGradGuard no_grad;
  const RunConfig& config = sampler.config();
  const Batch native = make_batch({chain}, {"native"}).to(sampler.device());
  Corrupted clean{at::ones({1}, native.translations.options()), native.translations, native.rotations, {}};
  if (with_pairs) clean.conditioning.partner = native.partner;
  FlowModelInput input = model_input(native, clean);
  input.padded = false;
  if (config.training.self_conditioning > 0) input.self_condition = native.translations;
  const FlowModelOutput output = sampler.model()->forward(input);
  const at::Tensor logs = output.letters[0].to(at::kCPU, at::kDouble).log_softmax(1).contiguous();
  LogProbabilities predicted(static_cast<std::size_t>(chain.length));
  for (std::size_t i = 0; i < predicted.size(); ++i)
    std::copy_n(logs.const_data_ptr<double>() + 4 * i, 4, predicted[i].begin());
  return predicted;
}

}  // namespace

void LetterScore::add(bool is_right, double log_p) {
  ++residues;
  right += is_right;
  log_probability += log_p;
}

double LetterScore::recovery() const {
  return residues == 0 ? kNotGiven : static_cast<double>(right) / static_cast<double>(residues);
}

double LetterScore::perplexity() const {
  return residues == 0 ? kNotGiven : std::exp(-log_probability / static_cast<double>(residues));
}

std::vector<SequenceRecovery> measure_sequence_recovery(const DatasetReader& dataset, Sampler& sampler,
                                                        const SequenceRecoverySettings& settings,
                                                        const std::function<void()>& on_chain) {
  sampler.require_predicted(false, true);
  Counts all, paired, loops;
  for (std::size_t index : settings.counted) {
    const ChainFeatures chain = dataset.read_chain(index);
    for (std::size_t i = 0; i < static_cast<std::size_t>(chain.length); ++i) {
      if (!is_known(chain, i)) continue;
      all.letters[chain.nucleotide[i]] += 1.0;
      (chain.partner[i] >= 0 ? paired : loops).letters[chain.nucleotide[i]] += 1.0;
    }
  }
  const bool takes_pairs = sampler.config().model.condition_pairs;
  SequenceRecovery with_pairs{"network, pairs given", {}, {}, {}}, alone{"network, backbone alone", {}, {}, {}},
      designs{fmt::format("designs at temperature {:g}", settings.temperature), {}, {}, {}},
      constant{"frequencies", {}, {}, {}}, given_pairing{"frequencies given pairing", {}, {}, {}};
  for (std::size_t index : settings.held_out) {
    if (dataset.chains()[index].length > settings.longest) continue;
    const ChainFeatures chain = dataset.read_chain(index);
    LogProbabilities predicted = network_letters(chain, sampler, false);
    add_probabilities(chain, predicted, alone);
    if (takes_pairs) add_probabilities(chain, predicted = network_letters(chain, sampler, true), with_pairs);
    RandomStream stream(settings.seed, "sequence_recovery", {index});
    const DesignedSequence design = design_sequence(predicted, chain.partner, {}, settings.temperature, stream);
    add_chain(
        chain, [&](std::size_t i) { return static_cast<std::uint8_t>(design.bases[i]) == chain.nucleotide[i]; },
        [](std::size_t) { return kNotGiven; }, designs);
    LogProbabilities frequencies(predicted.size(), all.log_frequencies());
    add_probabilities(chain, frequencies, constant);
    for (std::size_t i = 0; i < frequencies.size(); ++i)
      frequencies[i] = (chain.partner[i] >= 0 ? paired : loops).log_frequencies();
    add_probabilities(chain, frequencies, given_pairing);
    if (on_chain) on_chain();
  }
  if (alone.all.residues == 0)
    fail("sequence recovery: no held-out chain of at most {} residues with known letters", settings.longest);
  std::vector<SequenceRecovery> table;
  if (takes_pairs) table.push_back(with_pairs);
  table.insert(table.end(), {alone, designs, constant, given_pairing});
  return table;
}

}  // namespace flashrna
