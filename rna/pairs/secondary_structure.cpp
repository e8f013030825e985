#include "rna/pairs/secondary_structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>

#include "base/error.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {
namespace {

// Whether position + 1 continues the molecule of `position`.
bool continues(std::span<const int> molecule, int position) {
  return molecule.empty() || molecule[position] == molecule[position + 1];
}

std::vector<Stem> find_stems(std::span<const int> partner, std::span<const int> molecule) {
  std::vector<Stem> stems;
  for (int i = 0; i < static_cast<int>(partner.size()); ++i) {
    const int j = partner[i];
    if (j < i) continue;
    const bool goes_on = !stems.empty() && stems.back().i + stems.back().n_pairs == i &&
                         stems.back().j - stems.back().n_pairs == j && continues(molecule, i - 1) &&
                         continues(molecule, j);
    if (goes_on) {
      ++stems.back().n_pairs;
    } else {
      stems.push_back({i, j, 1, 0});
    }
  }
  return stems;
}

// Stems cross as a whole, because no position of one stem lies within a side of the other.
bool cross(const Stem& a, const Stem& b) { return a.i < b.i ? b.i < a.j && a.j < b.j : a.i < b.j && b.j < a.j; }

void assign_orders(std::vector<Stem>& stems) {
  std::vector<std::size_t> longest_first(stems.size());
  std::iota(longest_first.begin(), longest_first.end(), std::size_t{0});
  std::ranges::stable_sort(longest_first, std::greater(), [&](std::size_t s) { return stems[s].n_pairs; });
  std::vector<std::vector<std::size_t>> of_order;
  for (const std::size_t s : longest_first) {
    const auto fits = [&](const std::vector<std::size_t>& others) {
      return std::ranges::none_of(others, [&](std::size_t other) { return cross(stems[s], stems[other]); });
    };
    const auto order = std::ranges::find_if(of_order, fits);
    stems[s].order = static_cast<int>(order - of_order.begin());
    if (order == of_order.end()) {
      of_order.push_back({s});
    } else {
      order->push_back(s);
    }
  }
}

LoopKind kind_of(const Loop& loop, bool open) {
  if (open) return LoopKind::kExterior;
  if (loop.n_branches == 0) return LoopKind::kHairpin;
  if (loop.n_branches > 1) return LoopKind::kMultiloop;
  const bool both_sides = loop.strands.front().length > 0 && loop.strands.back().length > 0;
  return both_sides ? LoopKind::kInterior : LoopKind::kBulge;
}

// The loop closed by the pair (i, j) of the nested structure; (-1, length) is the outermost loop.
Loop loop_within(int i, int j, const std::vector<int>& nested, std::span<const int> molecule) {
  const bool outermost = i < 0;
  Loop loop{LoopKind::kExterior, outermost ? -1 : i, outermost ? -1 : j, 0, {{i + 1, 0}}};
  bool open = outermost;
  for (int p = i + 1; p < j; ++p) {
    if (p > 0 && !continues(molecule, p - 1)) {
      open = true;
      loop.strands.push_back({p, 0});
    }
    if (nested[p] < 0) {
      ++loop.strands.back().length;
    } else {
      p = nested[p];
      ++loop.n_branches;
      loop.strands.push_back({p + 1, 0});
    }
  }
  if (!outermost && !continues(molecule, j - 1)) {
    open = true;
    loop.strands.push_back({j, 0});
  }
  loop.kind = kind_of(loop, open);
  return loop;
}

void check_molecules(std::size_t length, std::span<const int> molecule) {
  if (!molecule.empty() && molecule.size() != length) {
    fail("secondary structure: {} molecule numbers for {} nucleotides", molecule.size(), length);
  }
}

}  // namespace

std::string_view loop_name(LoopKind kind) {
  switch (kind) {
    case LoopKind::kHairpin:
      return "hairpin";
    case LoopKind::kBulge:
      return "bulge";
    case LoopKind::kInterior:
      return "interior";
    case LoopKind::kMultiloop:
      return "multiloop";
    default:
      return "exterior";
  }
}

int Loop::n_unpaired() const {
  int n = 0;
  for (const LoopStrand& strand : strands) n += strand.length;
  return n;
}

double SecondaryStructure::paired_share() const {
  const auto n = std::ranges::count_if(partner, [](int p) { return p >= 0; });
  return static_cast<double>(n) / static_cast<double>(length());
}

double SecondaryStructure::helix_share() const {
  int n = 0;
  for (const Stem& stem : stems) n += stem.is_helix() ? 2 * stem.n_pairs : 0;
  return static_cast<double>(n) / static_cast<double>(length());
}

double SecondaryStructure::pseudoknotted_share() const {
  int paired = 0, knotted = 0;
  for (const Stem& stem : stems) {
    paired += stem.n_pairs;
    knotted += stem.order > 0 ? stem.n_pairs : 0;
  }
  return static_cast<double>(knotted) / static_cast<double>(paired);
}

SecondaryStructure describe_secondary_structure(std::span<const int> partner, std::span<const int> molecule) {
  check_partners(partner, molecule);
  SecondaryStructure structure;
  structure.partner.assign(partner.begin(), partner.end());
  structure.stems = find_stems(partner, molecule);
  assign_orders(structure.stems);

  const int length = structure.length();
  structure.order.assign(partner.size(), -1);
  std::vector<int> nested(partner.size(), -1);
  for (const Stem& stem : structure.stems) {
    for (int k = 0; k < stem.n_pairs; ++k) {
      const int i = stem.i + k, j = stem.j - k;
      structure.order[i] = structure.order[j] = stem.order;
      if (stem.order > 0) continue;
      nested[i] = j;
      nested[j] = i;
    }
  }
  structure.loops.push_back(loop_within(-1, length, nested, molecule));
  for (int i = 0; i < length; ++i) {
    if (nested[i] < i) continue;
    Loop loop = loop_within(i, nested[i], nested, molecule);
    const bool stacked = loop.kind != LoopKind::kExterior && loop.n_branches == 1 && loop.n_unpaired() == 0;
    if (!stacked) structure.loops.push_back(std::move(loop));
  }
  return structure;
}

std::vector<std::optional<LoopKind>> loop_of_positions(const SecondaryStructure& structure) {
  std::vector<std::optional<LoopKind>> kinds(structure.partner.size());
  for (const Loop& loop : structure.loops) {
    for (const LoopStrand& strand : loop.strands) {
      std::fill_n(kinds.begin() + strand.first, strand.length, loop.kind);
    }
  }
  return kinds;
}

std::vector<int> only_helices(std::span<const int> partner, std::span<const int> molecule) {
  check_partners(partner, molecule);
  std::vector<int> kept(partner.begin(), partner.end());
  for (const Stem& stem : find_stems(partner, molecule)) {
    if (!stem.is_helix()) kept[stem.i] = kept[stem.j] = kUnpaired;
  }
  return kept;
}

std::optional<PartnerFault> find_partner_fault(std::span<const int> partner, std::span<const int> molecule) {
  const int length = static_cast<int>(partner.size());
  for (int i = 0; i < length; ++i) {
    const int j = partner[i];
    if (j == kUnpaired || j == kUnspecified) continue;
    if (j < 0 || j >= length) {
      return PartnerFault{i, fmt::format("nucleotide {} pairs with {}; there are nucleotides 1 to {}", i + 1,
                                         std::int64_t{j} + 1, length)};
    }
    if (j == i) return PartnerFault{i, fmt::format("nucleotide {} pairs with itself", i + 1)};
    if (partner[j] != i) {
      const std::string other = partner[j] < 0 ? "is unpaired" : fmt::format("pairs with {}", partner[j] + 1);
      return PartnerFault{i, fmt::format("nucleotide {} pairs with {}, which {}", i + 1, j + 1, other)};
    }
    const bool one_molecule = molecule.empty() || molecule[i] == molecule[j];
    if (one_molecule && j > i && j - i < kShortestPairSpan) {
      return PartnerFault{i, fmt::format("nucleotides {} and {} pair, {} apart; in one molecule at least {} are needed",
                                         i + 1, j + 1, j - i, kShortestPairSpan)};
    }
  }
  return std::nullopt;
}

void check_partners(std::span<const int> partner, std::span<const int> molecule) {
  check_molecules(partner.size(), molecule);
  if (const auto fault = find_partner_fault(partner, molecule)) fail("secondary structure: {}", fault->message);
}

}  // namespace flashrna
