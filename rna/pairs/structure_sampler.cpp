#include "rna/pairs/structure_sampler.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {
namespace {

constexpr int kPilot = 400;  // nt: the growth of the sums up to here determines their scale

// The sum over k of first[k] second[n - k]: all ways to split n nucleotides.
double sum_over_splits(const std::vector<double>& first, const std::vector<double>& second, int n) {
  const double* a = first.data();
  const double* b = second.data() + n;
  std::array<double, 4> sums{};
  int k = 0;
  for (; k + 3 <= n; k += 4)
    for (int i = 0; i < 4; ++i) sums[static_cast<std::size_t>(i)] += a[k + i] * b[-(k + i)];
  for (; k <= n; ++k) sums[0] += a[k] * b[-k];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

StructureSampler::StructureSampler(const StructureGrammar& grammar, int longest)
    : StructureSampler(grammar, longest, scale_of(grammar)) {}

double StructureSampler::scale_of(const StructureGrammar& grammar) {
  const StructureSampler pilot(grammar, kPilot, 0.0);
  return -(pilot.log_sum(kPilot) - pilot.log_sum(kPilot / 2)) / (kPilot - kPilot / 2);
}

StructureSampler::StructureSampler(StructureGrammar grammar, int longest, double log_scale)
    : grammar_(std::move(grammar)), longest_(longest), log_scale_(log_scale) {
  if (longest < 1) fail("structure sampler: length {}, must be at least 1", longest);
  set_weights();
  fill();
}

void StructureSampler::set_weights() {
  const auto scaled = [&](LengthOf kind, int nucleotides_each, double share) {
    Values weights = grammar_.length(kind).weights(longest_);
    for (std::size_t l = 0; l < weights.size(); ++l)
      weights[l] *= share * std::exp(log_scale_ * static_cast<double>(l) * nucleotides_each);
    return weights;
  };
  stem_ = scaled(LengthOf::kStem, 2, 1.0);
  hairpin_ = scaled(LengthOf::kHairpin, 1, grammar_.loop(LoopKind::kHairpin));
  interior_ = scaled(LengthOf::kInterior, 1, grammar_.loop(LoopKind::kInterior));
  const Values bulges = scaled(LengthOf::kBulge, 1, grammar_.loop(LoopKind::kBulge));
  for (std::size_t l = 0; l < bulges.size(); ++l) interior_[l] += bulges[l];
  multiloop_gap_ = scaled(LengthOf::kMultiloopGap, 1, 1.0);
  unpaired_ = scaled(LengthOf::kUnpairedChain, 1, 1.0 - grammar_.chance(ChanceOf::kPaired));
  first_gap_ = scaled(LengthOf::kFirstGap, 1, grammar_.chance(ChanceOf::kPaired));
  middle_gap_ = scaled(LengthOf::kMiddleGap, 1, 1.0);
  last_gap_ = scaled(LengthOf::kLastGap, 1, 1.0);
}

// Every sum for n nucleotides follows from those for fewer; a branch takes at least five, so that the order within one
// n is the one below.
void StructureSampler::fill() {
  for (Values* values :
       {&branch_, &enclosed_, &gap_branch_, &first_branch_, &middle_branch_, &multiloop_, &after_first_})
    values->assign(static_cast<std::size_t>(longest_) + 1, 0.0);
  for (std::size_t b = 0; b < 3; ++b) {
    after_branches_[b].assign(static_cast<std::size_t>(longest_) + 1, 0.0);
    after_exterior_[b].assign(static_cast<std::size_t>(longest_) + 1, 0.0);
  }
  const auto sum = [&](const Values& first, const Values& second, int n) {
    operations_ += n + 1;
    return sum_over_splits(first, second, n);
  };
  // What follows a branch: the last gap, or a further branch with its gap and what follows that.
  const auto follow = [&](std::array<Values, 3>& after, const Values& next, const Values& gap, ChanceOf first, int n) {
    for (int b = 2; b >= 0; --b) {
      const double more = grammar_.chance(static_cast<ChanceOf>(static_cast<int>(first) + b));
      after[static_cast<std::size_t>(b)][static_cast<std::size_t>(n)] =
          (1.0 - more) * gap[static_cast<std::size_t>(n)] +
          more * sum(next, after[static_cast<std::size_t>(std::min(b + 1, 2))], n);
    }
  };
  for (int n = 0; n <= longest_; ++n) {
    const auto at = static_cast<std::size_t>(n);
    double branch = 0.0;
    for (int k = 1; 2 * k <= n; ++k)
      branch += stem_[static_cast<std::size_t>(k)] * enclosed_[at - 2 * static_cast<std::size_t>(k)];
    operations_ += n / 2;
    branch_[at] = branch;
    gap_branch_[at] = sum(multiloop_gap_, branch_, n);
    first_branch_[at] = sum(first_gap_, branch_, n);
    middle_branch_[at] = sum(middle_gap_, branch_, n);
    follow(after_branches_, gap_branch_, multiloop_gap_, ChanceOf::kThirdInMultiloop, n);
    follow(after_exterior_, middle_branch_, last_gap_, ChanceOf::kSecondBranch, n);
    after_first_[at] = sum(gap_branch_, after_branches_[0], n);
    multiloop_[at] = sum(gap_branch_, after_first_, n);
    enclosed_[at] = hairpin_[at] + sum(interior_, branch_, n) + grammar_.loop(LoopKind::kMultiloop) * multiloop_[at];
  }
}

double StructureSampler::scaled_sum(int length) const {
  if (length < 1 || length > longest_)
    fail("structure sampler: length {}; this one was made for lengths 1 to {}", length, longest_);
  const double sum =
      unpaired_[static_cast<std::size_t>(length)] + sum_over_splits(first_branch_, after_exterior_[0], length);
  if (!(sum > 0.0) || !std::isfinite(sum))
    fail("structure grammar: the weights of the structures of {} nucleotides sum to {:g}; the grammar is damaged",
         length, sum);
  return sum;
}

double StructureSampler::log_sum(int length) const { return std::log(scaled_sum(length)) - length * log_scale_; }

// Walks from a structure's length down to its choices.
class StructureWalk {
 public:
  StructureWalk(const StructureSampler& sums, int length, const Uniform& uniform)
      : sums_(sums), uniform_(uniform), partner_(static_cast<std::size_t>(length), kUnpaired) {
    if (uniform() * sums.scaled_sum(length) < sums.unpaired_[static_cast<std::size_t>(length)]) return;
    const int first = split(sums.first_branch_, sums.after_exterior_[0], length);
    add_branch(sums.first_gap_, 0, first);
    add_following(sums.after_exterior_, sums.middle_branch_, sums.middle_gap_, sums.last_gap_, ChanceOf::kSecondBranch,
                  first, length);
    while (!branches_.empty()) {
      const Stretch branch = branches_.back();
      branches_.pop_back();
      walk_branch(branch);
    }
  }

  std::vector<int> take() { return std::move(partner_); }

 private:
  using Values = StructureSampler::Values;

  struct Stretch {
    int first, length;
  };

  // k of first[k] second[n - k], in proportion to the product.
  int split(const Values& first, const Values& second, int n) {
    double left = uniform_() * sum_over_splits(first, second, n);
    int possible = 0;
    for (int k = 0; k <= n; ++k) {
      const double weight = first[static_cast<std::size_t>(k)] * second[static_cast<std::size_t>(n - k)];
      if (weight <= 0.0) continue;
      possible = k;  // rounding may leave a rest behind the last one
      left -= weight;
      if (left < 0.0) break;
    }
    return possible;
  }

  // A gap and a branch on `length` nucleotides.
  void add_branch(const Values& gap, int first, int length) {
    const int unpaired = split(gap, sums_.branch_, length);
    branches_.push_back({first + unpaired, length - unpaired});
  }

  // What follows a branch on the `length` nucleotides from `first` on; see StructureSampler::fill.
  void add_following(const std::array<Values, 3>& after, const Values& next, const Values& gap, const Values& last_gap,
                     ChanceOf chance, int first, int end) {
    for (std::size_t b = 0;; b = std::min<std::size_t>(b + 1, 2)) {
      const int n = end - first;
      const double more = sums_.grammar_.chance(static_cast<ChanceOf>(static_cast<std::size_t>(chance) + b));
      const double stop = (1.0 - more) * last_gap[static_cast<std::size_t>(n)];
      if (uniform_() * after[b][static_cast<std::size_t>(n)] < stop) return;
      const int length = split(next, after[std::min<std::size_t>(b + 1, 2)], n);
      if (length == 0) return;  // no branch fits: rounding
      add_branch(gap, first, length);
      first += length;
    }
  }

  void walk_branch(const Stretch& branch) {
    double left = uniform_() * sums_.branch_[static_cast<std::size_t>(branch.length)];
    int n_pairs = 0;
    for (int k = 1; 2 * k <= branch.length && left >= 0.0; ++k) {
      const double weight =
          sums_.stem_[static_cast<std::size_t>(k)] * sums_.enclosed_[static_cast<std::size_t>(branch.length - 2 * k)];
      if (weight <= 0.0) continue;
      n_pairs = k;
      left -= weight;
    }
    const int last = branch.first + branch.length - 1;
    for (int k = 0; k < n_pairs; ++k) {
      partner_[static_cast<std::size_t>(branch.first + k)] = last - k;
      partner_[static_cast<std::size_t>(last - k)] = branch.first + k;
    }
    walk_loop(branch.first + n_pairs, branch.length - 2 * n_pairs);
  }

  void walk_loop(int first, int length) {
    const auto n = static_cast<std::size_t>(length);
    double left = uniform_() * sums_.enclosed_[n] - sums_.hairpin_[n];
    if (left < 0.0) return;
    left -= sums_.grammar_.loop(LoopKind::kMultiloop) * sums_.multiloop_[n];
    if (left < 0.0) {
      const int one = split(sums_.gap_branch_, sums_.after_first_, length);
      add_branch(sums_.multiloop_gap_, first, one);
      const int two = split(sums_.gap_branch_, sums_.after_branches_[0], length - one);
      add_branch(sums_.multiloop_gap_, first + one, two);
      return add_following(sums_.after_branches_, sums_.gap_branch_, sums_.multiloop_gap_, sums_.multiloop_gap_,
                           ChanceOf::kThirdInMultiloop, first + one + two, first + length);
    }
    const int unpaired = split(sums_.interior_, sums_.branch_, length);
    branches_.push_back({first + upstream_of(unpaired), length - unpaired});
  }

  // Nucleotides of the 5' strand of a bulge or an interior loop of `total`.
  int upstream_of(int total) {
    const StructureGrammar& grammar = sums_.grammar_;
    const double bulge = grammar.loop(LoopKind::kBulge) * grammar.length(LengthOf::kBulge).weight(total);
    const double interior = grammar.loop(LoopKind::kInterior) * grammar.length(LengthOf::kInterior).weight(total);
    if (uniform_() * (bulge + interior) < bulge || total < 2)
      return uniform_() < grammar.chance(ChanceOf::kUpstreamBulge) ? total : 0;
    const std::vector<double> weights = grammar.asymmetry_weights(total);
    double left = uniform_();
    int difference = total % 2;
    for (int d = difference; d <= total - 2; d += 2) {
      difference = d;
      left -= weights[static_cast<std::size_t>(d)];
      if (left < 0.0) break;
    }
    const int sign = uniform_() < 0.5 ? -1 : 1;
    return (total + sign * difference) / 2;
  }

  const StructureSampler& sums_;
  const Uniform& uniform_;
  std::vector<int> partner_;
  std::vector<Stretch> branches_;
};

std::vector<int> StructureSampler::draw_nested(int length, const Uniform& uniform) const {
  scaled_sum(length);  // checks the length before memory is taken for it
  return StructureWalk(*this, length, uniform).take();
}

std::vector<int> StructureSampler::draw(int length, const Uniform& uniform) const {
  return draw_pseudoknots(grammar_.pseudoknots, draw_nested(length, uniform), uniform);
}

}  // namespace flashrna
