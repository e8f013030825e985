#include "rna/pairs/pseudoknots.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "rna/pairs/base_pairs.h"

namespace flashrna {
namespace {

constexpr int kRounds = 30;  // of fitting each factor in turn
constexpr int kMostGap = 8;  // nucleotides between stems that count as one helix

struct Strand {
  int first, length;
  LoopKind kind;
  int loop;  // index in SecondaryStructure::loops

  int end() const { return first + length; }
};

// All strands of the nested structure with unpaired nucleotides, from 5' to 3'.
std::vector<Strand> strands_of(const SecondaryStructure& structure) {
  std::vector<Strand> strands;
  for (std::size_t l = 0; l < structure.loops.size(); ++l) {
    const Loop& loop = structure.loops[l];
    for (const LoopStrand& strand : loop.strands)
      if (strand.length > 0) strands.push_back({strand.first, strand.length, loop.kind, static_cast<int>(l)});
  }
  std::ranges::sort(strands, {}, &Strand::first);
  return strands;
}

// The loops of a nested structure as a tree, the outermost as its root. A stem stands between a loop and its parent.
class LoopTree {
 public:
  explicit LoopTree(const SecondaryStructure& structure)
      : parent_(structure.loops.size(), 0), depth_(parent_), pairs_(parent_) {
    const std::vector<Loop>& loops = structure.loops;
    std::map<int, int> stem_length;  // by its innermost pair
    for (const Stem& stem : structure.stems)
      if (stem.order == 0) stem_length[stem.i + stem.n_pairs - 1] = stem.n_pairs;
    std::vector<std::size_t> enclosing = {0};
    for (std::size_t l = 1; l < loops.size(); ++l) {  // outer ones first
      while (enclosing.size() > 1 && loops[enclosing.back()].j < loops[l].j) enclosing.pop_back();
      parent_[l] = static_cast<int>(enclosing.back());
      depth_[l] = depth_[enclosing.back()] + 1;
      pairs_[l] = pairs_[enclosing.back()] + stem_length[loops[l].i];
      enclosing.push_back(l);
    }
  }

  struct Way {
    int stems;  // from one loop to the other
    int arms;   // difference of the arms that lead to the innermost loop that encloses both, in pairs
  };
  Way way(int a, int b) const {
    const auto at = [](int loop) { return static_cast<std::size_t>(loop); };
    Way way{0, std::abs(pairs_[at(a)] - pairs_[at(b)])};
    for (; a != b; ++way.stems) {
      int& deeper = depth_[at(a)] > depth_[at(b)] ? a : b;
      deeper = parent_[at(deeper)];
    }
    return way;
  }

 private:
  std::vector<int> parent_, depth_, pairs_;  // depth in stems, and in pairs
};

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

int distance_of(const Strand& a, const Strand& b) { return b.first - (a.end() - 1); }

PseudoknotSite site_of(const Strand& a, const Strand& b, const LoopTree& tree, int length) {
  const LoopTree::Way way = tree.way(a.loop, b.loop);
  return {.loops = loop_pair(a.kind, b.kind),
          .distance = distance_of(a, b),
          .stems_between = way.stems,
          .arms = way.arms,
          .length = length};
}

// Bins of 1, 2, 3, 4, 5 to 8, 9 to 16, ... stems between loops.
std::size_t stems_bin(int n) {
  return n < 5 ? static_cast<std::size_t>(std::max(n, 1) - 1) : std::bit_width(static_cast<unsigned>(n - 1)) + 1u;
}

// Bins of differences of 0 and 1, 2 and 3, 4 and 5, 6 and 7, 8 to 11, 12 to 15 pairs.
std::size_t arms_bin(int n) { return static_cast<std::size_t>(n < 8 ? n / 2 : 2 + n / 4); }

// Calls use(a, b, site, longest) for all pairs of strands, a before b, that a pseudoknot may join. `longest`: pairs
// that it may have. A stem from a to b crosses the nested stems one side of which lies between them. One of these must
// precede it in the order of describe_secondary_structure, longest first and at equal length from 5' to 3'; otherwise
// it would be part of the nested structure in place of those.
template <typename Use>
void for_each_strand_pair(const SecondaryStructure& structure, const std::vector<Strand>& strands, const Use& use) {
  const std::vector<Side> sides = sides_of(structure);
  const LoopTree tree(structure);
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
      if (longest > 0)
        use(strands[a], strands[b], site_of(strands[a], strands[b], tree, structure.length()),
            std::min({longest, strands[a].length, strands[b].length}));
    }
  }
}

double places(const Strand& a, const Strand& b, int k) {
  return static_cast<double>(a.length - k + 1) * static_cast<double>(b.length - k + 1);
}

// As for_each_strand_pair, with the shares of the sites.
template <typename Use>
void for_each_site(const SecondaryStructure& structure, const std::vector<Strand>& strands, const Use& use) {
  std::vector<double> in_bin;  // places for a pair
  for_each_strand_pair(structure, strands, [&](const Strand& a, const Strand& b, const PseudoknotSite& site, int) {
    const std::size_t bin = stems_bin(site.stems_between);
    if (in_bin.size() <= bin) in_bin.resize(bin + 1, 0.0);
    in_bin[bin] += places(a, b, 1);
  });
  for_each_strand_pair(structure, strands, [&](const Strand& a, const Strand& b, PseudoknotSite site, int longest) {
    site.share = std::min(1.0, structure.length() / in_bin[stems_bin(site.stems_between)]);
    use(a, b, site, longest);
  });
}

// floor(log2(n / 4)), of distances along the chain and of chain lengths.
std::size_t log_bin(int n) { return std::bit_width(static_cast<unsigned>(std::max(n, 4))) - 3u; }

// The factor of a bin; beyond the last it halves in each.
double halving(const std::vector<double>& factors, std::size_t bin) {
  const std::size_t last = std::min(bin, factors.size() - 1);
  return std::ldexp(factors[last], -static_cast<int>(bin - last));
}

enum Factor : std::size_t { kRate, kLoops, kStemsBetween, kArms, kStem, kLength, kFactors };

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

Cell cell_of(const PseudoknotSite& site, int k) {
  return {0,
          site.loops,
          stems_bin(site.stems_between),
          arms_bin(site.arms),
          static_cast<std::size_t>(k) - 1,
          log_bin(site.length)};
}

const Strand& strand_at(const std::vector<Strand>& strands, int position) {
  return *std::prev(std::ranges::upper_bound(strands, position, {}, &Strand::first));
}

void count_places(const WeightedStructure& nested, Tables& tables) {
  const auto count = [&](const Strand& a, const Strand& b, const PseudoknotSite& site, int longest) {
    if (site.arms > kMostArmDifference) return;
    for (int k = 1; k <= std::min(longest, static_cast<int>(tables.sizes[kStem])); ++k)
      tables.places[tables.at(cell_of(site, k))] += nested.weight * site.share * places(a, b, k);
  };
  for_each_site(nested.structure, strands_of(nested.structure), count);
}

struct PseudoknotStem {
  Stem stem;
  Strand a, b;
  std::optional<std::array<int, 2>> gaps;  // to the stem between the same strands inside which it goes on, if any
};

std::vector<PseudoknotStem> pseudoknot_stems(const SecondaryStructure& structure) {
  const std::vector<Strand> strands = strands_of(structure);
  std::vector<PseudoknotStem> found;
  for (const Stem& stem : structure.stems) {
    if (stem.order == 0) continue;
    PseudoknotStem next{stem, strand_at(strands, stem.i), strand_at(strands, stem.j), std::nullopt};
    for (const PseudoknotStem& outer : found) {  // sorted by i: the last one is the nearest
      const std::array gaps{stem.i - (outer.stem.i + outer.stem.n_pairs), outer.stem.j - outer.stem.n_pairs - stem.j};
      const bool same_strands = outer.a.first == next.a.first && outer.b.first == next.b.first;
      if (same_strands && std::ranges::min(gaps) >= 0 && std::ranges::max(gaps) <= kMostGap) next.gaps = gaps;
    }
    found.push_back(next);
  }
  return found;
}

void add_at(std::vector<double>& counts, int index, double weight) {
  if (counts.size() <= static_cast<std::size_t>(index)) counts.resize(static_cast<std::size_t>(index) + 1, 0.0);
  counts[static_cast<std::size_t>(index)] += weight;
}

// Adds stems that go on inside others to `further`, whose chance is their number until then, and all others to
// `tables`.
void count_stems(const WeightedStructure& observed, Tables& tables, FurtherStems& further) {
  const SecondaryStructure& structure = observed.structure;
  const LoopTree tree(structure);
  for (const auto& [stem, a, b, gaps] : pseudoknot_stems(structure)) {
    if (gaps) {
      further.chance += observed.weight;
      for (const int gap : *gaps) add_at(further.of_gap, gap, observed.weight);
      add_at(further.of_stem, stem.n_pairs - 1, observed.weight);
      continue;
    }
    const PseudoknotSite site = site_of(a, b, tree, structure.length());
    if (site.arms <= kMostArmDifference) tables.stems[tables.at(cell_of(site, stem.n_pairs))] += observed.weight;
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

// The last bin of a factor with an observed stem.
std::size_t last_bin(const Tables& tables, Factor factor) {
  std::size_t last = 0;
  for (std::size_t index = 0; index < tables.stems.size(); ++index)
    if (tables.stems[index] > 0.0) last = std::max(last, tables.cell(index)[factor]);
  return last;
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

void pair_up(const Placement& place, int k, std::vector<int>& partner) {
  for (int p = 0; p < k; ++p) {
    partner[static_cast<std::size_t>(place.i + p)] = place.j - p;
    partner[static_cast<std::size_t>(place.j - p)] = place.i + p;
  }
}

// An index of `weights` from `first` on; empty if none of them has a weight.
std::optional<int> draw_index(const std::vector<double>& weights, std::size_t first, const Uniform& uniform) {
  double total = 0.0;
  for (std::size_t i = first; i < weights.size(); ++i) total += weights[i];
  if (total <= 0.0) return std::nullopt;
  double left = uniform() * total;
  std::size_t chosen = first;
  for (std::size_t i = first; i < weights.size(); ++i) {
    if (weights[i] <= 0.0) continue;
    chosen = i;
    if ((left -= weights[i]) < 0.0) break;
  }
  return static_cast<int>(chosen);
}

// Further stems of at most `longest` pairs inside one of k pairs, as many as the model and the strands give.
void go_on(const FurtherStems& further, const Strand& a, const Strand& b, Placement place, int k, int longest,
           std::vector<int>& partner, const Uniform& uniform) {
  while (further.chance > 0.0 && uniform() < further.chance) {
    const std::optional<int> gap_a = draw_index(further.of_gap, 0, uniform);
    const std::optional<int> gap_b = draw_index(further.of_gap, gap_a == 0 ? 1 : 0, uniform);
    const std::optional<int> pairs = draw_index(further.of_stem, 0, uniform);
    if (!gap_a || !gap_b || !pairs) return;
    place = {place.i + k + *gap_a, place.j - k - *gap_b};
    k = std::min(*pairs + 1, longest);
    if (place.i + k > a.end() || place.j - k + 1 < b.first || !fits(partner, place, k)) return;
    pair_up(place, k, partner);
  }
}

// Joins two strands by a stem of k pairs at a random place. Returns the place; empty if there is none.
std::optional<Placement> join(const Strand& a, const Strand& b, int k, std::vector<int>& partner,
                              const Uniform& uniform) {
  std::vector<Placement> possible;
  for (int i = a.first; i + k <= a.end(); ++i)
    for (int j = b.first + k - 1; j < b.end(); ++j)
      if (const Placement place{i, j}; fits(partner, place, k)) possible.push_back(place);
  if (possible.empty()) return std::nullopt;
  const auto chosen = static_cast<std::size_t>(uniform() * static_cast<double>(possible.size()));
  const Placement place = possible[std::min(chosen, possible.size() - 1)];
  pair_up(place, k, partner);
  return place;
}

}  // namespace

std::size_t loop_pair(LoopKind a, LoopKind b) {
  const auto low = static_cast<std::size_t>(std::min(a, b)), high = static_cast<std::size_t>(std::max(a, b));
  return high * (high + 1) / 2 + low;
}

double PseudoknotModel::intensity(const PseudoknotSite& site, int k) const {
  if (rate == 0.0 || k > static_cast<int>(of_stem.size())) return 0.0;
  double way = 1.0;
  if (of_stems_between.empty()) {
    way = halving(of_separation, log_bin(site.distance));
  } else {
    way = halving(of_stems_between, stems_bin(site.stems_between)) * site.share;
    const std::size_t arms = arms_bin(site.arms);
    way *= arms < of_arms.size() ? of_arms[arms] : 0.0;
  }
  const auto length_bin = std::min(log_bin(site.length), of_length.size() - 1);
  return rate * of_loops[site.loops] * way * of_stem[static_cast<std::size_t>(k) - 1] * of_length[length_bin];
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
  Tables tables({1, kLoopPairs, stems_bin(longest_chain) + 1, arms_bin(kMostArmDifference) + 1,
                 static_cast<std::size_t>(longest_stem), log_bin(longest_chain) + 1});
  PseudoknotModel model;
  double stems = 0.0;
  for (const WeightedStructure& one : observed) {
    count_stems(one, tables, model.further);
    for (const Stem& stem : one.structure.stems) stems += stem.order > 0 ? one.weight : 0.0;
  }
  model.further.chance /= stems;
  for (const WeightedStructure& one : nested) count_places(one, tables);
  std::array<std::vector<double>, kFactors> factors;
  for (std::size_t factor = 0; factor < kFactors; ++factor) factors[factor].assign(tables.sizes[factor], 1.0);
  for (int round = 0; round < kRounds; ++round) refine(tables, factors);
  model.rate = factors[kRate][0];
  std::ranges::copy(factors[kLoops], model.of_loops.begin());
  model.of_stems_between = factors[kStemsBetween];
  model.of_stems_between.resize(last_bin(tables, kStemsBetween) + 1);
  model.of_arms = factors[kArms];
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
  for_each_site(structure, strands, [&](const Strand& a, const Strand& b, const PseudoknotSite& site, int allowed) {
    const int longest = std::min(allowed, longest_stem);
    double total = 0.0;
    expected.clear();
    for (int k = 1; k <= longest; ++k) expected.push_back(total += model.intensity(site, k) * places(a, b, k));
    if (uniform() >= -std::expm1(-total)) return;
    const auto drawn = std::ranges::upper_bound(expected, uniform() * total) - expected.begin();
    const int k = std::min(static_cast<int>(drawn) + 1, longest);
    if (const std::optional<Placement> place = join(a, b, k, knotted, uniform))
      go_on(model.further, a, b, *place, k, allowed, knotted, uniform);
  });
  return knotted;
}

}  // namespace flashrna
