#include "rna/pairs/pseudoknots.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "rna/pairs/base_pairs.h"

namespace flashrna {
namespace {

constexpr int kRounds = 30;  // of fitting each factor in turn

struct Strand {
  int first, length;
  LoopKind kind;

  int end() const { return first + length; }
};

// All strands of the nested structure with unpaired nucleotides, from 5' to 3'.
std::vector<Strand> strands_of(const SecondaryStructure& structure) {
  std::vector<Strand> strands;
  for (const Loop& loop : structure.loops) {
    for (const LoopStrand& strand : loop.strands)
      if (strand.length > 0) strands.push_back({strand.first, strand.length, loop.kind});
  }
  std::ranges::sort(strands, {}, &Strand::first);
  return strands;
}

// A side of a nested stem. A stem that begins at `first` and whose other side begins at `other`.
struct Side {
  int first, other, n_pairs;
};

std::vector<Side> sides_of(const SecondaryStructure& structure) {
  std::vector<Side> sides;
  for (const Stem& stem : structure.stems) {
    if (stem.order > 0) continue;
    const int other = stem.j - stem.n_pairs + 1;
    sides.push_back({stem.i, other, stem.n_pairs});
    sides.push_back({other, stem.i, stem.n_pairs});
  }
  std::ranges::sort(sides, {}, &Side::first);
  return sides;
}

// Calls use(a, b, longest) for all pairs of strands, a before b, that a pseudoknot may join. `longest`: pairs that it
// may have. A stem from a to b crosses the nested stems one side of which lies between them. One of these must precede
// it in the order of describe_secondary_structure, longest first and at equal length from 5' to 3'; otherwise it would
// be part of the nested structure in place of those.
template <typename Use>
void for_each_strand_pair(const SecondaryStructure& structure, const std::vector<Strand>& strands, const Use& use) {
  const std::vector<Side> sides = sides_of(structure);
  std::size_t first_side = 0;
  for (std::size_t a = 0; a < strands.size(); ++a) {
    while (first_side < sides.size() && sides[first_side].first < strands[a].first) ++first_side;
    std::size_t side = first_side;
    int closed = 0;         // pairs of the longest stem that began before strand a and ends before b
    std::vector<int> open;  // the same of the stems that began behind a and enclose b; one for each of them
    for (std::size_t b = a + 1; b < strands.size(); ++b) {
      for (; side < sides.size() && sides[side].first < strands[b].first; ++side) {
        const Side& next = sides[side];
        if (next.other > next.first) {
          open.push_back(std::max(next.n_pairs, open.empty() ? 0 : open.back()));
        } else if (next.other > strands[a].first) {
          open.pop_back();
        } else {
          closed = std::max(closed, next.n_pairs);
        }
      }
      const int longest = std::max(closed, open.empty() ? 0 : open.back() - 1);
      if (longest > 0) use(strands[a], strands[b], std::min({longest, strands[a].length, strands[b].length}));
    }
  }
}

// floor(log2(n / 4)), of distances along the chain and of chain lengths.
int log_bin(int n) { return std::bit_width(static_cast<unsigned>(std::max(n, 4))) - 3; }

int distance_of(const Strand& a, const Strand& b) { return b.first - (a.end() - 1); }

double places(const Strand& a, const Strand& b, int k) {
  return static_cast<double>(a.length - k + 1) * static_cast<double>(b.length - k + 1);
}

enum Factor : std::size_t { kRate, kLoops, kSeparation, kStem, kLength, kFactors };

using Cell = std::array<std::size_t, kFactors>;  // index of each factor; that of kRate is 0

// Observed stems and places for them, by all factors.
struct Tables {
  Cell sizes;
  std::vector<double> stems, places;

  explicit Tables(const Cell& n) : sizes(n) {
    std::size_t total = 1;
    for (const std::size_t size : sizes) total *= size;
    stems.assign(total, 0.0);
    places.assign(total, 0.0);
  }
  std::size_t at(const Cell& cell) const {
    std::size_t index = 0;
    for (std::size_t f = 0; f < kFactors; ++f) index = index * sizes[f] + cell[f];
    return index;
  }
  Cell cell(std::size_t index) const {
    Cell cell{};
    for (std::size_t f = kFactors; f-- > 0; index /= sizes[f]) cell[f] = index % sizes[f];
    return cell;
  }
};

Cell cell_of(const Strand& a, const Strand& b, int k, int length) {
  return {0, loop_pair(a.kind, b.kind), static_cast<std::size_t>(log_bin(distance_of(a, b))),
          static_cast<std::size_t>(k) - 1, static_cast<std::size_t>(log_bin(length))};
}

const Strand& strand_at(const std::vector<Strand>& strands, int position) {
  return *std::prev(std::ranges::upper_bound(strands, position, {}, &Strand::first));
}

void count_places(const WeightedStructure& nested, Tables& tables) {
  const SecondaryStructure& structure = nested.structure;
  for_each_strand_pair(structure, strands_of(structure), [&](const Strand& a, const Strand& b, int longest) {
    for (int k = 1; k <= std::min(longest, static_cast<int>(tables.sizes[kStem])); ++k)
      tables.places[tables.at(cell_of(a, b, k, structure.length()))] += nested.weight * places(a, b, k);
  });
}

void count_stems(const WeightedStructure& observed, Tables& tables) {
  const SecondaryStructure& structure = observed.structure;
  const std::vector<Strand> strands = strands_of(structure);
  for (const Stem& stem : structure.stems) {
    if (stem.order == 0) continue;
    const Strand& a = strand_at(strands, stem.i);
    const Strand& b = strand_at(strands, stem.j);
    tables.stems[tables.at(cell_of(a, b, stem.n_pairs, structure.length()))] += observed.weight;
  }
}

// One round: each factor is refitted, given the others.
void refine(const Tables& tables, std::array<std::vector<double>, kFactors>& factors) {
  for (std::size_t factor = 0; factor < kFactors; ++factor) {
    std::vector<double> observed(tables.sizes[factor], 0.0), expected = observed;
    for (std::size_t index = 0; index < tables.places.size(); ++index) {
      const Cell cell = tables.cell(index);
      double others = 1.0;
      for (std::size_t other = 0; other < kFactors; ++other)
        if (other != factor) others *= factors[other][cell[other]];
      observed[cell[factor]] += tables.stems[index];
      expected[cell[factor]] += others * tables.places[index];
    }
    const double prior = factor == kRate ? 0.0 : 1.0;
    for (std::size_t i = 0; i < observed.size(); ++i)
      if (expected[i] + prior > 0.0) factors[factor][i] = (observed[i] + prior) / (expected[i] + prior);
  }
}

struct Placement {
  int i, j;  // outermost pair
};

// Whether a stem of k pairs fits on unpaired nucleotides and neither prolongs nor is prolonged by another.
bool fits(std::span<const int> partner, const Placement& place, int k) {
  for (int p = 0; p < k; ++p)
    if (partner[place.i + p] >= 0 || partner[place.j - p] >= 0) return false;
  const int length = static_cast<int>(partner.size());
  const bool outside = place.i > 0 && place.j + 1 < length && partner[place.i - 1] == place.j + 1;
  const bool inside = partner[place.i + k] == place.j - k;
  return (place.j - k + 1) - (place.i + k - 1) >= kShortestPairSpan && !outside && !inside;
}

// Joins two strands by a stem of k pairs at a random place, if there is one.
void join(const Strand& a, const Strand& b, int k, std::vector<int>& partner, const Uniform& uniform) {
  std::vector<Placement> possible;
  for (int i = a.first; i + k <= a.end(); ++i)
    for (int j = b.first + k - 1; j < b.end(); ++j)
      if (const Placement place{i, j}; fits(partner, place, k)) possible.push_back(place);
  if (possible.empty()) return;
  const auto chosen = static_cast<std::size_t>(uniform() * static_cast<double>(possible.size()));
  const auto [i, j] = possible[std::min(chosen, possible.size() - 1)];
  for (int p = 0; p < k; ++p) {
    partner[static_cast<std::size_t>(i + p)] = j - p;
    partner[static_cast<std::size_t>(j - p)] = i + p;
  }
}

}  // namespace

std::size_t loop_pair(LoopKind a, LoopKind b) {
  const auto low = static_cast<std::size_t>(std::min(a, b)), high = static_cast<std::size_t>(std::max(a, b));
  return high * (high + 1) / 2 + low;
}

double PseudoknotModel::intensity(std::size_t loops, int distance, int k, int length) const {
  if (rate == 0.0 || k > static_cast<int>(of_stem.size())) return 0.0;
  const int bin = log_bin(distance), last = static_cast<int>(of_separation.size()) - 1;
  const double separation = of_separation[static_cast<std::size_t>(std::min(bin, last))];
  const auto length_bin = std::min(static_cast<std::size_t>(log_bin(length)), of_length.size() - 1);
  return rate * of_loops[loops] * std::ldexp(separation, std::min(0, last - bin)) *
         of_stem[static_cast<std::size_t>(k) - 1] * of_length[length_bin];
}

PseudoknotModel fit_pseudoknots(std::span<const WeightedStructure> observed,
                                std::span<const WeightedStructure> nested) {
  int longest_chain = 4, longest_stem = 0;
  for (const WeightedStructure& one : observed) {
    longest_chain = std::max(longest_chain, one.structure.length());
    for (const Stem& stem : one.structure.stems)
      if (stem.order > 0) longest_stem = std::max(longest_stem, stem.n_pairs);
  }
  if (longest_stem == 0) return {};
  const std::size_t bins = static_cast<std::size_t>(log_bin(longest_chain)) + 1;
  Tables tables({1, kLoopPairs, bins, static_cast<std::size_t>(longest_stem), bins});
  for (const WeightedStructure& one : observed) count_stems(one, tables);
  for (const WeightedStructure& one : nested) count_places(one, tables);
  std::array<std::vector<double>, kFactors> factors;
  for (std::size_t factor = 0; factor < kFactors; ++factor) factors[factor].assign(tables.sizes[factor], 1.0);
  for (int round = 0; round < kRounds; ++round) refine(tables, factors);
  PseudoknotModel model;
  model.rate = factors[kRate][0];
  std::ranges::copy(factors[kLoops], model.of_loops.begin());
  model.of_separation = factors[kSeparation];
  model.of_stem = factors[kStem];
  model.of_length = factors[kLength];
  return model;
}

std::vector<int> draw_pseudoknots(const PseudoknotModel& model, std::span<const int> partner, const Uniform& uniform) {
  std::vector<int> knotted(partner.begin(), partner.end());
  if (model.rate == 0.0) return knotted;
  const SecondaryStructure structure = describe_secondary_structure(partner);
  const std::vector<Strand> strands = strands_of(structure);
  const int longest_stem = static_cast<int>(model.of_stem.size());
  std::vector<double> expected;
  for_each_strand_pair(structure, strands, [&](const Strand& a, const Strand& b, int allowed) {
    const std::size_t loops = loop_pair(a.kind, b.kind);
    const int longest = std::min(allowed, longest_stem);
    double total = 0.0;
    expected.clear();
    for (int k = 1; k <= longest; ++k)
      expected.push_back(total += model.intensity(loops, distance_of(a, b), k, structure.length()) * places(a, b, k));
    if (uniform() >= -std::expm1(-total)) return;
    const auto k = std::ranges::upper_bound(expected, uniform() * total) - expected.begin();
    join(a, b, std::min(static_cast<int>(k) + 1, longest), knotted, uniform);
  });
  return knotted;
}

}  // namespace flashrna
