#include "libfold/sampling/sequence_design.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "libfold/random_streams.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

struct Letters {
  Base one, other;  // `other` is unused for an unpaired residue
};

constexpr std::array<Letters, 4> kSingles = {
    {{Base::A, Base::N}, {Base::C, Base::N}, {Base::G, Base::N}, {Base::U, Base::N}}};
constexpr std::array<Letters, 6> kCanonicalPairs = {{{Base::G, Base::C},
                                                     {Base::C, Base::G},
                                                     {Base::A, Base::U},
                                                     {Base::U, Base::A},
                                                     {Base::G, Base::U},
                                                     {Base::U, Base::G}}};

struct Draw {
  Letters letters;
  double log_probability;  // at temperature 1
};

// log Σ exp(values).
double log_sum(const std::vector<double>& values) {
  const double largest = *std::ranges::max_element(values);
  double sum = 0.0;
  for (double value : values) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

// Draws one of `choices` with logarithms of unnormalized probabilities `weights`.
Draw draw(const std::vector<Letters>& choices, const std::vector<double>& weights, double temperature,
          RandomStream& stream) {
  std::vector<double> tempered;
  for (double weight : weights) tempered.push_back(weight / temperature);
  const double total = log_sum(tempered);
  double left = stream.uniform();
  std::size_t chosen = 0;
  for (; chosen + 1 < choices.size(); ++chosen) {
    left -= std::exp(tempered[chosen] - total);
    if (left < 0.0) break;
  }
  return {choices[chosen], weights[chosen] - log_sum(weights)};
}

double log_probability(const std::array<double, 4>& residue, Base base) {
  return residue[static_cast<std::size_t>(base)];
}

}  // namespace

std::vector<int> pairs_to_design(std::span<const int> asked, std::span<const int> found) {
  if (!asked.empty() && asked.size() != found.size())
    fail("pairs of a design: {} residues are asked for, the sample has {}", asked.size(), found.size());
  const auto open = [&](int i) { return asked.empty() || asked[static_cast<std::size_t>(i)] == kUnspecified; };
  std::vector<int> pairs(found.size(), kUnpaired);
  for (int i = 0; i < static_cast<int>(found.size()); ++i) {
    const int j = open(i) ? found[static_cast<std::size_t>(i)] : asked[static_cast<std::size_t>(i)];
    if (j >= 0 && open(i) == open(j % static_cast<int>(found.size()))) pairs[static_cast<std::size_t>(i)] = j;
  }
  return pairs;
}

DesignedSequence design_sequence(std::span<const std::array<double, 4>> log_probabilities, std::span<const int> partner,
                                 std::span<const Base> given, double temperature, RandomStream& stream) {
  const std::size_t length = log_probabilities.size();
  if (partner.size() != length || (!given.empty() && given.size() != length))
    fail("sequence design of {} residues: {} partners and {} given letters", length, partner.size(), given.size());
  if (!(temperature > 0.0) || !std::isfinite(temperature))
    fail_usage("--temperature {}: must be above 0; 1 draws by the network's own probabilities", temperature);
  DesignedSequence design;
  design.bases.assign(given.begin(), given.end());
  design.bases.resize(length, Base::N);
  int drawn = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const bool paired = partner[i] >= 0;
    const auto j = paired ? static_cast<std::size_t>(partner[i]) % length : i;
    if (j < i || (design.bases[i] != Base::N && design.bases[j] != Base::N)) continue;
    std::vector<Letters> choices;
    std::vector<double> weights;
    const auto consider = [&](const Letters& letters) {
      const auto fits = [](Base base, Base wanted) { return base == Base::N || base == wanted; };
      if (!fits(design.bases[i], letters.one) || (paired && !fits(design.bases[j], letters.other))) return;
      choices.push_back(letters);
      weights.push_back(log_probability(log_probabilities[i], letters.one) +
                        (paired ? log_probability(log_probabilities[j], letters.other) : 0.0));
    };
    if (paired)
      std::ranges::for_each(kCanonicalPairs, consider);
    else
      std::ranges::for_each(kSingles, consider);
    drawn += (design.bases[i] == Base::N) + (paired && design.bases[j] == Base::N);
    const Draw result = draw(choices, weights, temperature, stream);
    design.bases[i] = result.letters.one;
    if (paired) design.bases[j] = result.letters.other;
    design.mean_log_probability += result.log_probability;
  }
  if (drawn > 0) design.mean_log_probability /= drawn;
  return design;
}

std::string designs_as_fasta(const std::string& name, std::span<const DesignedSequence> designs) {
  std::string text;
  for (std::size_t k = 0; k < designs.size(); ++k) {
    text += fmt::format(">{}_design_{} mean_log_probability={:.4f}\n", name, k, designs[k].mean_log_probability);
    for (Base base : designs[k].bases) text += base_letter(base);
    text += '\n';
  }
  return text;
}

}  // namespace flashrna
