#include "rna/pairs/structure_grammar.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr std::array<int, kLengthKinds> kShortest{1, 3, 1, 2, 0, 0, 1, 0, 0, 0};

// Visits the choices of the derivation of the nested structure: length(kind, l), loop(kind), chance(kind, yes),
// asymmetry(difference, total).
template <typename Visitor>
class Derivation {
 public:
  Derivation(const SecondaryStructure& structure, Visitor& visitor) : visitor_(visitor) {
    for (const Stem& stem : structure.stems)
      if (stem.order == 0) visitor_.length(LengthOf::kStem, stem.n_pairs);
    for (const Loop& loop : structure.loops) {
      if (loop.kind == LoopKind::kExterior) {
        exterior(loop);
      } else {
        closed(loop);
      }
    }
  }

 private:
  void exterior(const Loop& loop) {
    visitor_.chance(ChanceOf::kPaired, loop.n_branches > 0);
    if (loop.n_branches == 0) {
      visitor_.length(LengthOf::kUnpairedChain, loop.strands.front().length);
      return;
    }
    const std::size_t last = loop.strands.size() - 1;
    for (std::size_t s = 0; s <= last; ++s) {
      const LengthOf gap = s == 0 ? LengthOf::kFirstGap : s == last ? LengthOf::kLastGap : LengthOf::kMiddleGap;
      visitor_.length(gap, loop.strands[s].length);
    }
    branches(loop.n_branches, 1, ChanceOf::kSecondBranch);
  }

  void closed(const Loop& loop) {
    visitor_.loop(loop.kind);
    const int total = loop.n_unpaired(), first = loop.strands.front().length;
    switch (loop.kind) {
      case LoopKind::kHairpin:
        return visitor_.length(LengthOf::kHairpin, total);
      case LoopKind::kBulge:
        visitor_.chance(ChanceOf::kUpstreamBulge, first > 0);
        return visitor_.length(LengthOf::kBulge, total);
      case LoopKind::kInterior:
        visitor_.length(LengthOf::kInterior, total);
        return visitor_.asymmetry(std::abs(total - 2 * first), total);
      default:
        for (const LoopStrand& strand : loop.strands) visitor_.length(LengthOf::kMultiloopGap, strand.length);
        branches(loop.n_branches, 2, ChanceOf::kThirdInMultiloop);
    }
  }

  // Whether another branch follows, from `fewest` branches on; the third chance after `first` is for all further ones.
  void branches(int n, int fewest, ChanceOf first) {
    for (int b = fewest; b <= n; ++b) {
      const auto chance = static_cast<ChanceOf>(static_cast<int>(first) + std::min(b - fewest, 2));
      visitor_.chance(chance, b < n);
    }
  }

  Visitor& visitor_;
};

template <typename Visitor>
void derive(const SecondaryStructure& structure, Visitor& visitor) {
  const Derivation<Visitor> derivation(structure, visitor);
}

struct Counts {
  std::array<std::vector<double>, kLengthKinds> lengths;
  std::array<double, kClosedLoops> loops{};
  std::array<std::array<double, 2>, kChanceKinds> chances{};
  double weight = 1.0;  // of the structure that is visited

  void length(LengthOf kind, int l) {
    std::vector<double>& counts = lengths[static_cast<std::size_t>(kind)];
    counts.resize(std::max(counts.size(), static_cast<std::size_t>(l) + 1));
    counts[static_cast<std::size_t>(l)] += weight;
  }
  void loop(LoopKind kind) { loops[static_cast<std::size_t>(kind)] += weight; }
  void chance(ChanceOf kind, bool yes) { chances[static_cast<std::size_t>(kind)][yes ? 1 : 0] += weight; }
  void asymmetry(int difference, int /*total*/) { length(LengthOf::kAsymmetry, difference); }
};

struct LogWeight {
  const StructureGrammar& grammar;
  double sum = 0.0;

  void length(LengthOf kind, int l) { sum += std::log(grammar.length(kind).weight(l)); }
  void loop(LoopKind kind) { sum += std::log(grammar.loop(kind)); }
  void chance(ChanceOf kind, bool yes) { sum += std::log(yes ? grammar.chance(kind) : 1.0 - grammar.chance(kind)); }
  void asymmetry(int difference, int total) {
    sum += std::log(grammar.asymmetry_weights(total)[static_cast<std::size_t>(difference)]);
    if (difference > 0) sum -= std::numbers::ln2;  // either strand may be the longer one
  }
};

}  // namespace

int shortest_of(LengthOf kind) { return kShortest[static_cast<std::size_t>(kind)]; }

std::vector<double> StructureGrammar::asymmetry_weights(int total) const {
  std::vector<double> weights = length(LengthOf::kAsymmetry).weights(total - 2);
  double sum = 0.0;
  for (int d = 0; d <= total - 2; ++d) {
    double& weight = weights[static_cast<std::size_t>(d)];
    if ((total - d) % 2 != 0) weight = 0.0;
    sum += weight;
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

double StructureGrammar::log_weight(const SecondaryStructure& structure) const {
  LogWeight weight{*this};
  derive(structure, weight);
  return weight.sum;
}

StructureGrammar fit_nested_grammar(std::span<const WeightedStructure> observed) {
  if (observed.empty()) fail("structure grammar: no structure to fit to");
  Counts counts;
  for (const WeightedStructure& one : observed) {
    counts.weight = one.weight;
    derive(one.structure, counts);
  }
  StructureGrammar grammar;
  for (std::size_t kind = 0; kind < kLengthKinds; ++kind)
    grammar.lengths[kind] = fit_length_distribution(kShortest[kind], counts.lengths[kind]);
  double loops = 0.0;
  for (const double count : counts.loops) loops += count + 0.5;
  for (std::size_t kind = 0; kind < kClosedLoops; ++kind) grammar.loops[kind] = (counts.loops[kind] + 0.5) / loops;
  for (std::size_t kind = 0; kind < kChanceKinds; ++kind) {
    const auto [no, yes] = counts.chances[kind];
    grammar.chances[kind] = (yes + 0.5) / (yes + no + 1.0);
  }
  return grammar;
}

}  // namespace flashrna
